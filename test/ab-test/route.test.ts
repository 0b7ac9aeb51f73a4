import assert from 'node:assert/strict';
import fc from 'fast-check';
import { drawOf, routeRequest, unitKey, unitOf } from '../../src/ab-test/route.ts';
import { chiSquareTail } from '../../src/monitoring/statistics/gamma.ts';

const test = (name: string, split = 0.1) => ({ test_name: name, traffic_split: split });
const USERS = Array.from({ length: 20_000 }, (_, i) => `user-${i}`);

describe('routing of an A/B test', () => {
  it('gives a user the same variant whatever the request, and a stranger one by the request', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.string(),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (user, a, b, split) => {
          const dealt = test('t', split);
          assert.equal(routeRequest(dealt, a, user), routeRequest(dealt, b, user));
          assert.equal(routeRequest(dealt, a), routeRequest(dealt, a));
        },
      ),
    );
    assert.notEqual(unitOf('ada'), unitOf('r1', 'ada'));
  });

  it('keeps whom the treatment has as its share grows', () => {
    for (const user of USERS.slice(0, 2000)) {
      if (routeRequest(test('t', 0.1), 'r', user) === 'treatment') {
        assert.equal(routeRequest(test('t', 0.3), 'r', user), 'treatment');
      }
    }
  });

  it('deals uniformly: a hundred classes of draws differ by chance only', () => {
    for (const name of ['winter', 'summer', 'x']) {
      const counts = new Array<number>(100).fill(0);
      for (const user of USERS) counts[Math.floor(100 * drawOf(name, unitOf('', user)))]!++;
      const expected = USERS.length / 100;
      const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      const p = chiSquareTail(chi, 99);
      assert.ok(p > 0.001 && p < 0.999, `${name}: p ${p}`);
    }
  });

  it('deals two tests independently of one another', () => {
    const both = [0, 0, 0, 0];
    for (const user of USERS) {
      const [a, b] = ['winter', 'summer'].map((name) => routeRequest(test(name, 0.5), 'r', user));
      both[2 * Number(a === 'treatment') + Number(b === 'treatment')]!++;
    }
    const expected = USERS.length / 4;
    const chi = both.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    assert.ok(chiSquareTail(chi, 3) > 0.001, JSON.stringify(both));
  });

  it('is the same on every machine and in every release', () => {
    assert.deepEqual(
      ['ada', 'bob', 'eve', 'joe', 'kim', 'lee'].map((user) => drawOf('winter', unitOf('', user)).toFixed(4)),
      GOLDEN,
    );
    assert.match(unitKey('winter', unitOf('', 'ada')), /^[0-9a-f]{20}$/);
  });
});

/** The first 13 digits of SHA-256 of `["variant","winter","user:ada"]`, over 2^52. */
const GOLDEN = ['0.6284', '0.9320', '0.5848', '0.4574', '0.5357', '0.5322'];
