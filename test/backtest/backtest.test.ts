import assert from 'node:assert/strict';
import { runBacktest } from '../../src/backtest/backtest.ts';
import { readHours } from '../../src/backtest/hours-file.ts';
import { beatsPersistence } from '../../src/backtest/scores.ts';
import type { BacktestInput } from '../../src/contracts/stages.ts';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../../src/errors.ts';
import { firstHourOf, HOUR_SECONDS, lastHourOf } from '../../src/contracts/time.ts';
import { seasonalLag } from '../../src/sequences/seasonal-base.ts';
import type { StageContext } from '../../src/stages/context.ts';
import { truncate } from 'node:fs/promises';
import {
  filledForward,
  forecasterOf,
  sampleHome,
  withHome,
  type SampleHome,
  type SampleSeries,
} from './sample-home.ts';

const PERIODS = { train: { from: '2018-01', to: '2018-02' }, score: { from: '2018-03', to: '2018-03' } };
const FIRST = firstHourOf('2018-01');
const HOURS = (lastHourOf('2018-03') - FIRST) / HOUR_SECONDS + 1;

/** A load with a day, a week and a trend, of which the last 100 hours of the operator's forecast are missing. */
function wavyLoad(level: number): SampleSeries {
  const demand = Float32Array.from(
    { length: HOURS },
    (_, i) => level * (1 + 0.2 * Math.sin((2 * Math.PI * i) / 24) + 0.1 * Math.sin(i / 27) + i / 20_000),
  );
  const operator = demand.map((mw, i) => (i >= HOURS - 100 ? Number.NaN : mw * 1.02));
  return { firstHour: FIRST, demand, operator };
}

const SERIES = { PACW: wavyLoad(2000), MISO: wavyLoad(70_000) };

function withSample(act: (context: StageContext, sample: SampleHome, input: BacktestInput) => Promise<void>) {
  return withHome(async (context) => {
    const sample = await sampleHome(context, SERIES, PERIODS);
    const { model, sequences } = sample;
    await act(context, sample, { model, sequences, score: PERIODS.score, issueHourLocal: 10 });
  });
}

describe('backtest', () => {
  it('scores a model that says 0 exactly as the latest known same hour', () =>
    withSample(async (context, _sample, input) => {
      const silent = forecasterOf(['PACW', 'MISO'], () => 0);
      const { document } = await runBacktest(context, input, silent, 'k');
      for (const { overall, byMonth, byLead } of document.regions) {
        assert.equal(overall.hours, 744);
        assert.equal(overall.mape.model, overall.mape.latestKnown);
        assert.equal(overall.beatsBaselines, false);
        assert.deepEqual(
          byLead.map(({ leadHours, hours }) => [leadHours, hours]),
          Array.from({ length: 24 }, (_, i) => [i + 15, 31]),
        );
        assert.deepEqual(
          byMonth.map(({ month, hours }) => [month, hours]),
          [['2018-03', 744]],
        );
      }
    }));

  it('reads each answer at its own issue, lead and region: a clairvoyant is never wrong', () =>
    withSample(async (context, _sample, input) => {
      const clairvoyant = forecasterOf(['PACW', 'MISO'], (row, lead, region) => {
        const { demand } = SERIES[region as keyof typeof SERIES];
        return Math.log(demand[row + lead]! / demand[row + lead - seasonalLag(lead)]!);
      });
      const { document } = await runBacktest(context, input, clairvoyant, 'k');
      for (const { overall, onOperatorHours } of document.regions) {
        assert.ok(overall.mape.model! < 1e-4);
        assert.ok(overall.beatsBaselines);
        assert.equal(onOperatorHours.hours, 644);
        assert.ok(Math.abs(onOperatorHours.mape.operator! - 2) < 1e-4);
      }
    }));

  it('writes the hours so that they read back as they were', () =>
    withSample(async (context, _sample, input) => {
      const model = forecasterOf(['PACW', 'MISO'], () => 0.01);
      const { hours } = await runBacktest(context, input, model, 'k');
      const tables = await readHours(context.home.path(hours.uri));
      assert.deepEqual(
        tables.map(({ region }) => region),
        ['PACW', 'MISO'],
      );
      assert.equal(hours.rows, 2 * 744);
      const { demand } = SERIES.MISO;
      const table = tables[1]!;
      assert.equal(table.validAt[0], firstHourOf('2018-03'));
      assert.equal(table.actual[743], demand[HOURS - 1]);
      assert.equal(table.forecasts.persistence48[743], filledForward(demand)[HOURS - 49]);
      assert.ok(
        Math.abs(table.forecasts.model[5]! / table.forecasts.latestKnown[5]! - Math.exp(0.01)) < 1e-6,
      );
      assert.ok(Number.isNaN(table.forecasts.operator[743]!));
    }));

  it('refuses to score what the model was trained on, or what the dataset does not hold', () =>
    withSample(async (context, _sample, input) => {
      const model = forecasterOf(['PACW'], () => 0);
      const scoring = (score: BacktestInput['score']) =>
        runBacktest(context, { ...input, score }, model, 'k');
      await assert.rejects(scoring({ from: '2018-02', to: '2018-03' }), BadInputError);
      await assert.rejects(scoring({ from: '2018-04', to: '2018-03' }), /empty/);
      await assert.rejects(scoring({ from: '2019', to: '2019' }), (error: MissingDataError) =>
        /PACW has no hour to score.*2018-01-01T01 to 2018-04-01T00/.test(error.message),
      );
      const elsewhere = forecasterOf(['ERCO'], () => 0);
      await assert.rejects(runBacktest(context, input, elsewhere, 'k'), /no region ERCO/);
    }));

  it('refuses a damaged dataset and stops when it is cancelled', () =>
    withSample(async (context, _sample, input) => {
      const model = forecasterOf(['PACW', 'MISO'], () => 0);
      const cancelled = { ...context, signal: AbortSignal.abort(new Error('cancelled')) };
      await assert.rejects(runBacktest(cancelled, input, model, 'k'), /cancelled/);
      await truncate(context.home.path('sequences/sample/region=MISO.safetensors'), 1000);
      await assert.rejects(runBacktest(context, input, model, 'k'), CorruptArtifactError);
    }));

  it('calls a model better only when it is strictly below every persistence', () => {
    const baselines = { latestKnown: 7, persistence48: 8, persistence168: 6 };
    assert.equal(beatsPersistence({ ...baselines, model: 5.9 }), true);
    assert.equal(beatsPersistence({ ...baselines, model: 6 }), false);
    assert.equal(beatsPersistence({ ...baselines, model: null }), false);
    assert.equal(beatsPersistence({ ...baselines, persistence48: null, model: 1 }), false);
  });
});
