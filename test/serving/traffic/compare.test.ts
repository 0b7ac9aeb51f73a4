import assert from 'node:assert/strict';
import fc from 'fast-check';
import { servingTensor, type ServingTensor } from '../../../src/serving/tensor.ts';
import { compareOutputs } from '../../../src/serving/traffic/shadow/compare.ts';
import { countOf, quantileOf } from '../../../src/serving/traffic/shadow/histogram.ts';
import {
  addCompared,
  addDropped,
  addFailed,
  emptySummary,
  mergeSummaries,
  shadowSummary,
  type ShadowSummary,
} from '../../../src/serving/traffic/shadow/summary.ts';

const floats = (...values: number[]) => servingTensor('float32', [values.length], Float32Array.from(values));
const texts = (...values: string[]) =>
  servingTensor(
    'string',
    [values.length],
    values.map((text) => Buffer.from(text)),
  );
const differ = (a: ServingTensor, b: ServingTensor) => {
  const { differences, mismatched } = compareOutputs(new Map([['y', a]]), new Map([['y', b]]));
  const [found] = differences;
  return found ? [found.absolute, found.relative] : mismatched;
};

describe('what a shadow differs by', () => {
  it('is the greatest difference, and its share of the greatest element', () => {
    assert.deepEqual(differ(floats(1, -8, 4), floats(1, -6, 5)), [2, 0.25]);
    assert.deepEqual(differ(floats(1, 2), floats(1, 2)), [0, 0]);
    assert.deepEqual(differ(floats(0, 0), floats(0, 1)), [1, Number.POSITIVE_INFINITY]);
    assert.deepEqual(differ(floats(), floats()), [0, 0]);
    const long = (...values: bigint[]) => servingTensor('int64', [values.length], BigInt64Array.from(values));
    assert.deepEqual(differ(long(10n, 3n), long(9n, 3n)), [1, 0.1]);
  });

  it('is without bound where only one has a number, and nothing where neither has', () => {
    const none = Number.NaN;
    const beyond = Number.POSITIVE_INFINITY;
    assert.deepEqual(differ(floats(1, none), floats(1, none)), [0, 0]);
    assert.deepEqual(differ(floats(beyond, 4), floats(beyond, 3)), [1, 0.25]);
    for (const [a, b] of [
      [floats(none), floats(1)],
      [floats(1), floats(none)],
      [floats(beyond), floats(-beyond)],
    ] as const) {
      assert.deepEqual(differ(a, b), [beyond, beyond]);
    }
  });

  it('is how many texts and truth values are unlike', () => {
    assert.deepEqual(differ(texts('a', 'b', 'c', 'd'), texts('a', 'x', 'c', 'd')), [1, 0.25]);
    const truths = (...values: number[]) => servingTensor('bool', [values.length], Uint8Array.from(values));
    assert.deepEqual(differ(truths(1, 0), truths(0, 1)), [2, 1]);
  });

  it('names outputs of another shape or type, and those that one of them lacks', () => {
    const a = new Map([
      ['p', floats(1, 2)],
      ['q', floats(1)],
      ['r', floats(1)],
      ['s', floats(1)],
    ]);
    const b = new Map([
      ['p', floats(1)],
      ['q', texts('1')],
      ['s', floats(1)],
      ['t', floats(1)],
    ]);
    const { differences, mismatched } = compareOutputs(a, b);
    assert.deepEqual(mismatched.toSorted(), ['p', 'q', 'r', 't']);
    assert.deepEqual(differences, [{ output: 's', absolute: 0, relative: 0 }]);
  });
});

describe('what is kept of a shadow', () => {
  const AT = '2026-01-01T00:00:00.000Z';
  const empty = () => emptySummary({ name: 'day-ahead', generation: 1, champion: 1, candidate: 2 }, AT);
  type Seen = { output: string; absolute: number; relative: number; seconds: number } | string;
  const add = (into: ShadowSummary, seen: Seen) => {
    if (seen === 'full' || seen === 'late') addDropped(into, seen);
    else if (typeof seen === 'string') addFailed(into, seen);
    else {
      const { seconds, ...difference } = seen;
      addCompared(into, {
        ...{ champion: 1, candidate: 2, signature: 's', mismatched: ['gone'] },
        ...{ differences: [difference], seconds, championSeconds: 2 * seconds },
      });
    }
  };
  const number = fc.integer({ min: 0, max: 2 ** 20 }).map((n) => n / 1024);
  const anySeen: fc.Arbitrary<Seen> = fc.oneof(
    fc.record({ output: fc.constantFrom('a', 'b'), absolute: number, relative: number, seconds: number }),
    fc.constantFrom('full', 'late', 'INTERNAL', 'UNAVAILABLE'),
  );

  it('is the same by whichever processes it was seen, and as JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anySeen, fc.integer({ min: 0, max: 2 }))), (all) => {
        const whole = empty();
        const parts = [empty(), empty(), empty()];
        for (const [seen, process] of all) {
          add(whole, seen);
          add(parts[process]!, seen);
        }
        const [a, b, c] = parts as [ShadowSummary, ShadowSummary, ShadowSummary];
        assert.deepEqual(mergeSummaries(mergeSummaries(a, b), c), whole);
        assert.deepEqual(mergeSummaries(c, mergeSummaries(b, a)), whole);
        assert.deepEqual(shadowSummary.parse(JSON.parse(JSON.stringify(whole))), whole);
      }),
    );
  });

  it('has no more outputs than a hundred, whatever models call theirs', () => {
    let summary = empty();
    for (let i = 0; i < 300; i++) add(summary, { output: `o${i}`, absolute: 1, relative: 1, seconds: 1 });
    assert.ok(Object.keys(summary.outputs).length <= 101);
    const other = empty();
    for (let i = 300; i < 400; i++) add(other, { output: `o${i}`, absolute: 1, relative: 1, seconds: 1 });
    summary = mergeSummaries(summary, other);
    assert.ok(Object.keys(summary.outputs).length <= 101);
    const counted = Object.values(summary.outputs).reduce((sum, { absolute }) => sum + countOf(absolute), 0);
    assert.equal(counted, 400);
  });

  it('tells of a share of the values what they do not exceed', () => {
    const summary = empty();
    for (let i = 1; i <= 100; i++) add(summary, { output: 'a', absolute: i / 1000, relative: 0, seconds: 1 });
    const { absolute, relative } = summary.outputs['s/a']!;
    assert.deepEqual(
      [quantileOf(absolute, 0.01), quantileOf(absolute, 0.3), quantileOf(absolute, 1)],
      [0.001, 0.03, 0.1],
    );
    assert.deepEqual([absolute.max, quantileOf(relative, 0.99)], [0.1, 0]);
  });
});
