import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isKnown } from '../../src/forecasters/cells.ts';
import { CORRECTIONS, PACES } from '../../src/forecasters/ensemble/adaptation.ts';
import { answerOf, type Rule } from '../../src/forecasters/ensemble/answer.ts';
import { errorQuantiles, forecastOf } from '../../src/forecasters/ensemble/combination.ts';
import { noTrack } from '../../src/forecasters/ensemble/track.ts';
import { STAYING_MUST_GAIN, weigh } from '../../src/forecasters/ensemble/weigh.ts';
import { weightedMedian } from '../../src/forecasters/ensemble/weighted-median.ts';
import { crossFittedMape, fitWeights, mapeOf } from '../../src/forecasters/ensemble/weights.ts';
import { memberNamed } from '../../src/forecasters/index.ts';
import { context, sampleTable } from './sample-table.ts';

describe('members that are weighed', () => {
  it('go by the rule that errs least of all that are tried, each tried by itself', async () => {
    for (const turning of [true, false]) {
      const table = sampleTable({ issues: 80 });
      table.actual.forEach((mw, cell) => {
        const issue = Math.floor(cell / table.horizon);
        const [good, bad] = [mw * (1.01 + 0.002 * (cell % 5)), mw * (0.95 + 0.01 * (cell % 3))];
        const first = !turning || Math.floor(issue / 15) % 2 === 0;
        table.operator[cell] = first ? good : bad;
        table.latestKnown[cell] = first ? bad : good;
      });
      const knownBy = table.issuedAt[70]!;
      const members = await Promise.all(
        ['operator', 'latestKnown'].map((name) =>
          memberNamed(name).fit({ tables: [table], knownBy }, context),
        ),
      );
      const found = await weigh(table, members, knownBy, context);

      const forecasts = await Promise.all(members.map((member) => forecastOf(member, table)));
      const cells = Array.from(table.actual.keys()).filter((cell) => isKnown(table, cell, knownBy));
      const ratios = (medians: Float64Array) =>
        Float64Array.from(cells, (cell) => medians[cell]! / table.actual[cell]!);
      const spreads = forecasts.map(({ medians }) => errorQuantiles(table, medians, knownBy));
      const weights = fitWeights(
        forecasts.map(({ medians }) => ratios(medians)),
        context.seed,
      );
      const rules: Rule[] = [
        { weights, adaptation: null, spreads },
        ...PACES.flatMap((pace) =>
          CORRECTIONS.map((correction) => ({
            weights: Float64Array.of(0.5, 0.5),
            adaptation: { ...pace, correction },
            spreads,
          })),
        ),
      ];
      assert.equal(rules.length, 19);
      const before = { memberErrors: noTrack(2), ownErrors: noTrack(table.horizon) };
      const answers = rules.map((rule) => answerOf(table, forecasts, rule, before, knownBy));
      const errors = answers.map(({ combined }) => mapeOf([ratios(combined.medians)], [1]));
      const unseen = crossFittedMape(
        forecasts.map(({ medians }) => ratios(medians)),
        context.seed,
      );
      errors[0] = unseen * (1 + STAYING_MUST_GAIN);
      const best = errors.indexOf(Math.min(...errors));
      assert.deepEqual(found.adaptation, rules[best]!.adaptation);
      assert.equal(found.adaptation !== null, turning);
      assert.deepEqual(found.combined, answers[best]!.combined);
      assert.deepEqual(found.memberErrors, answers[best]!.newer.memberErrors);
      assert.deepEqual(found.ownErrors, answers[best]!.newer.ownErrors);
      if (!turning) assert.deepEqual(found.weights, weights);
    }
  });
});

describe('crossFittedMape', () => {
  it('scores each stretch by weights that have not seen it', () => {
    // Two members that are right by turns of half a season: what fits one half misleads in the other.
    const first = Float64Array.from({ length: 80 }, (_, i) => (i < 40 ? 1 : 1.2));
    const second = Float64Array.from({ length: 80 }, (_, i) => (i < 40 ? 1.1 : 1));
    const ratios = [first, second];
    const stretches = [0, 20, 40, 60].map((from) => {
      const held = ratios.map((own) => own.subarray(from, from + 20));
      const others = ratios.map((own) => own.filter((_, i) => i < from || i >= from + 20));
      return mapeOf(held, fitWeights(others, 1));
    });
    const expected = stretches.reduce((a, b) => a + b, 0) / 4;
    assert.ok(Math.abs(crossFittedMape(ratios, 1) - expected) < 1e-12);
    assert.ok(crossFittedMape(ratios, 1) > mapeOf(ratios, fitWeights(ratios, 1)));
  });

  it('is the error itself where there is one member, however few its hours', () => {
    for (const own of [[1.1], [1.1, 0.8], [1, 1.1, 1.2, 1.3, 1.4]]) {
      const ratios = [Float64Array.from(own)];
      assert.ok(Math.abs(crossFittedMape(ratios, 1) - mapeOf(ratios, [1])) < 1e-12);
    }
  });
});

describe('weightedMedian', () => {
  it('is the first of the sorted values with half of the weight up to it', () => {
    const pair = fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 0, max: 5 }));
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1, maxLength: 40 }), (pairs) => {
        const half = pairs.reduce((sum, [, weight]) => sum + weight, 0) / 2;
        let below = 0;
        const wanted = pairs.toSorted(([a], [b]) => a - b).find(([, weight]) => (below += weight) >= half);
        const [values, weights] = [0, 1].map((which) => Float64Array.from(pairs, (each) => each[which]!));
        assert.equal(weightedMedian(values!, weights!), wanted![0]);
      }),
      { numRuns: 500 },
    );
  });
});
