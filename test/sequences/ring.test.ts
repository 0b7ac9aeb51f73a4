import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BadInputError } from '../../src/errors.ts';
import { EnergyFeatureEngineer } from '../../src/features/engineer.ts';
import { joinRingParts, RingAttentionSequenceGenerator } from '../../src/sequences/ring-generator.ts';
import { dealPositions, PADDING, type RingLayout } from '../../src/sequences/ring-layout.ts';
import { sixColumns } from '../features/frames.ts';

const layouts = ['contiguous', 'zigzag'] as const;
const layout = fc.constantFrom<RingLayout>(...layouts);

describe('the deal of positions', () => {
  it('gives rank r the chunks r and 2P−1−r', () => {
    const { tokensPerRank, positions } = dealPositions(8, 2, 'zigzag');
    assert.equal(tokensPerRank, 4);
    assert.deepEqual(
      positions.map((each) => [...each]),
      [
        [0, 1, 6, 7],
        [2, 3, 4, 5],
      ],
    );
  });

  it('gives the pieces in order when contiguous, padding last', () => {
    assert.deepEqual(
      dealPositions(7, 3, 'contiguous').positions.map((each) => [...each]),
      [
        [0, 1, 2],
        [3, 4, 5],
        [6, -1, -1],
      ],
    );
  });

  it('gives every position to one rank, all ranks as many tokens, within them in order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 12 }),
        layout,
        (length, worldSize, how) => {
          const { tokensPerRank, positions } = dealPositions(length, worldSize, how);
          assert.ok(positions.every((each) => each.length === tokensPerRank));
          const held = positions.flatMap((each) => [...each].filter((position) => position !== PADDING));
          assert.deepEqual(
            held.toSorted((a, b) => a - b),
            Array.from({ length }, (_, i) => i),
          );
          for (const each of positions) {
            const own = [...each].filter((position) => position !== PADDING);
            assert.deepEqual(
              own,
              own.toSorted((a, b) => a - b),
            );
          }
        },
      ),
    );
  });

  it('gives zigzag ranks equal causal work where the length divides', () => {
    const work = dealPositions(8784, 4, 'zigzag').positions.map((each) =>
      each.reduce((sum, position) => sum + position + 1, 0),
    );
    assert.equal(new Set(work).size, 1);
  });

  for (const [length, worldSize] of [
    [0, 2],
    [10, 0],
    [1.5, 1],
  ]) {
    it(`refuses ${length} hours over ${worldSize} slots`, () => {
      assert.throws(() => dealPositions(length!, worldSize!, 'zigzag'), BadInputError);
    });
  }
});

describe('ring sequences', () => {
  it('hold a year, leap or not, over any ring size, and join into the whole', () => {
    const features = new EnergyFeatureEngineer({ lags: {}, windows: {} }).createAllFeatures(
      sixColumns({ hours: 8784, start: '2024-01-01T01' }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(8760, 8784),
        fc.integer({ min: 1, max: 9 }),
        layout,
        (sequenceLength, ringSize, how) => {
          const ring = new RingAttentionSequenceGenerator({
            sequenceLength,
            ringSize,
            layout: how,
          }).createRingSequences(features);
          assert.equal(ring.length, 1);
          const sequence = ring.at(0);
          const parts = sequence.parts();
          assert.equal(parts.length, ringSize);
          assert.ok(parts.every(({ positions }) => positions.length === ring.tokensPerRank));
          const padding = ringSize * ring.tokensPerRank - sequenceLength;
          assert.equal(parts.flatMap(({ mask }) => [...mask]).filter((bit) => bit === 0).length, padding);
          assert.ok(padding < 2 * ringSize, 'never more than a token a chunk');
          assert.deepEqual(joinRingParts(parts.toReversed()), sequence.input);
        },
      ),
      { numRuns: 12 },
    );
  });

  it('give every token its next hour as target, but for padding and the last hour of the data', () => {
    const frame = sixColumns({ hours: 7, value: (_name, hour) => hour });
    const options = { sequenceLength: 6, ringSize: 2, layout: 'zigzag', scaling: 'none' } as const;
    const width = 4;
    const [rank0, rank1] = new RingAttentionSequenceGenerator(options)
      .createRingSequences(frame)
      .at(0)
      .parts();
    assert.deepEqual([...rank0!.positions], [0, 1, PADDING, PADDING]);
    assert.deepEqual([...rank0!.mask], [1, 1, 0, 0]);
    assert.deepEqual([...rank0!.targetMask], [1, 1, 0, 0]);
    assert.deepEqual(
      [...rank0!.inputs].filter((_, i) => i % width === 0),
      [0, 1, 0, 0],
    );
    assert.deepEqual(
      [...rank1!.targets].filter((_, i) => i % width === 0),
      [3, 4, 5, 6],
    );

    const whole = new RingAttentionSequenceGenerator({ ...options, sequenceLength: 7 }).createRingSequences(
      frame,
    );
    const masks = whole
      .at(0)
      .parts()
      .flatMap(({ positions, targetMask }) => [...positions].map((position, i) => [position, targetMask[i]]));
    assert.deepEqual(
      masks.find(([position]) => position === 6),
      [6, 0],
    );
    assert.deepEqual(
      masks.find(([position]) => position === 5),
      [5, 1],
    );
  });

  it('follow one another without overlap unless a stride is given', () => {
    const frame = sixColumns({ hours: 30 });
    const count = (options: object) =>
      new RingAttentionSequenceGenerator({ sequenceLength: 10, ...options }).createRingSequences(frame)
        .length;
    assert.equal(count({}), 3);
    assert.equal(count({ stride: 5 }), 5);
  });

  const ring = new RingAttentionSequenceGenerator({ sequenceLength: 10, ringSize: 3 });
  for (const [what, act, names] of [
    ['too few hours', () => ring.createRingSequences(sixColumns({ hours: 9 })), /has 9, a sequence 10/],
    ['a ring of none', () => new RingAttentionSequenceGenerator({ ringSize: 0 }), /ringSize/],
    [
      'a layout that is none',
      () => new RingAttentionSequenceGenerator({ layout: 'spiral' } as never),
      /layout/,
    ],
    [
      'a rank that is not there',
      () =>
        ring
          .createRingSequences(sixColumns({ hours: 10 }))
          .at(0)
          .part(3),
      /no rank 3/,
    ],
    [
      'a missing part',
      () =>
        joinRingParts(
          ring
            .createRingSequences(sixColumns({ hours: 10 }))
            .at(0)
            .parts()
            .slice(1),
        ),
      /ranks 1, 2.*each of the 3/,
    ],
    ['no parts', () => joinRingParts([]), /\(none\)/],
  ] as const) {
    it(`refuse ${what}`, () => {
      assert.throws(act, (error: unknown) => error instanceof BadInputError && names.test(error.line));
    });
  }
});
