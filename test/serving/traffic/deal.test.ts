import assert from 'node:assert/strict';
import fc from 'fast-check';
import { routeRequest } from '../../../src/ab-test/route.ts';
import type { ABTestRecord } from '../../../src/contracts/ab-test.ts';
import { deal, dealLoaded } from '../../../src/serving/traffic/deal.ts';
import { versionsOf, type TrafficState } from '../../../src/serving/traffic/state.ts';
import { AT, NAME, configOf } from './traffic-home.ts';

const sha256 = 'a'.repeat(64);
const state = (changes: Partial<TrafficState> = {}): TrafficState => ({
  model: NAME,
  champion: { name: NAME, generation: 3, version: 1, sha256, since: AT, previous: [] },
  ...{ canary: null, test: null, shadow: null, ...changes },
});
const canary = (share: number) => ({
  ...{ version: 2, sha256, share, since: AT, generation: 4, championGeneration: 3 },
});
const test = (
  split: number,
  name = 'winter',
  treatment = { name: NAME, version: 2, sha256 },
): ABTestRecord => ({
  ...{ formatVersion: 1, config: configOf({ traffic_split: split, test_name: name }), treatment },
  control: { name: NAME, version: 1, sha256 },
  ...{ championGeneration: 3, startedAt: AT, startedBy: 'ada', endsAt: AT, ending: null },
});
const USERS = Array.from({ length: 4000 }, (_, i) => `user-${i}`);
const who = fc.record({ requestId: fc.string(), user: fc.option(fc.string(), { nil: undefined }) });

describe('who answers a call that names no version', () => {
  it('is nobody before there was a champion, and the champion while nothing stands beside it', () => {
    assert.equal(deal(state({ champion: null }), { requestId: 'r' }), null);
    assert.deepEqual(deal(state(), { requestId: 'r', user: 'ada' }), {
      ...{ model: NAME, version: 1, role: 'champion' },
    });
  });

  it('is whom routeRequest deals while a test runs, a user always the same', () => {
    fc.assert(
      fc.property(
        who,
        fc.string(),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (call, other, split) => {
          const tested = state({ test: test(split), canary: canary(1) });
          const dealt = deal(tested, call)!;
          assert.equal(dealt.role, routeRequest(tested.test!.config, call.requestId, call.user));
          assert.equal(dealt.version, dealt.role === 'treatment' ? 2 : 1);
          assert.equal(dealt.test, tested.test);
          if (call.user === undefined) return;
          assert.deepEqual(deal(tested, { ...call, requestId: other }), dealt);
        },
      ),
    );
  });

  it('is the canary for its share of the users, who stay with it as it grows', () => {
    let before = new Set<string>();
    for (const share of [0.05, 0.2, 0.6, 1]) {
      const shown = USERS.filter(
        (user) => deal(state({ canary: canary(share) }), { requestId: 'r', user })!.role === 'canary',
      );
      // Four standard deviations of a binomial share.
      const off = Math.abs(shown.length / USERS.length - share);
      assert.ok(off <= 4 * Math.sqrt((share * (1 - share)) / USERS.length), `${share}: off by ${off}`);
      const now = new Set(shown);
      assert.ok([...before].every((user) => now.has(user)));
      before = now;
    }
  });

  it('is dealt by the request where there is no user, and never as a user of that name', () => {
    const calls = USERS.map((requestId) => deal(state({ canary: canary(0.3) }), { requestId })!.role);
    const share = calls.filter((role) => role === 'canary').length / calls.length;
    assert.ok(Math.abs(share - 0.3) < 0.03, String(share));
    const users = USERS.map((user) => deal(state({ canary: canary(0.3) }), { requestId: '', user })!.role);
    assert.notDeepEqual(users, calls);
  });

  it('is the champion, uncounted, for both variants where one of them is not loaded', () => {
    const tested = state({ test: test(0.5) });
    const roles = new Set<string>();
    for (const user of USERS.slice(0, 200)) {
      const call = { requestId: 'r', user };
      roles.add(dealLoaded(tested, call, () => true)!.dealt.role);
      const { dealt, missing } = dealLoaded(tested, call, ({ version }) => version === 1)!;
      assert.deepEqual(dealt, { model: NAME, version: 1, role: 'champion' });
      assert.deepEqual(missing, { model: NAME, version: 2 });
    }
    assert.deepEqual([...roles].toSorted(), ['control', 'treatment']);
    const shown = state({ canary: canary(1) });
    const fallen = dealLoaded(shown, { requestId: 'r' }, ({ version }) => version === 1)!;
    assert.deepEqual([fallen.dealt.version, fallen.missing?.version], [1, 2]);
    assert.equal(dealLoaded(state(), { requestId: 'r' }, () => false)!.missing, undefined);
  });

  it('names all versions that may be asked, each once, and those of other models by theirs', () => {
    const shadow = { version: 5, sha256, share: 1, championGeneration: 3, generation: 1 };
    const other = test(0.5, 'winter', { name: 'other', version: 1, sha256 });
    assert.deepEqual(versionsOf(state({ canary: canary(0.1), shadow, test: other })), [
      { model: NAME, version: 1 },
      { model: NAME, version: 2 },
      { model: NAME, version: 5 },
      { model: 'other', version: 1 },
    ]);
  });
});
