import assert from 'node:assert/strict';
import { truncate } from 'node:fs/promises';
import {
  rollingBacktestInput,
  settledPlan,
  unitAt,
  unitCount,
  type RollingPlan,
} from '../../src/contracts/rolling-backtest.ts';
import { HOUR_SECONDS, fromHourStamp } from '../../src/contracts/time.ts';
import { BadInputError, MissingDataError } from '../../src/errors.ts';
import type { FitData, FittedForecaster, Forecaster } from '../../src/forecasters/forecaster.ts';
import { readArtifact, readManifest } from '../../src/lake/artifacts.ts';
import { readColumns } from '../../src/lake/parquet.ts';
import type { StageContext } from '../../src/stages/context.ts';
import { readHours } from '../../src/backtest/hours-file.ts';
import type { RollingDocument } from '../../src/backtest/rolling/document.ts';
import { mergeRollingBacktest } from '../../src/backtest/rolling/merge-stage.ts';
import { planRollingBacktest } from '../../src/backtest/rolling/plan-stage.ts';
import { backtestStretch } from '../../src/backtest/rolling/stretch-stage.ts';
import { LEVELS, meanForecaster, rollingSequences } from './rolling-home.ts';
import { withHome } from './sample-home.ts';

const settings = { forecasters: ['climatology', 'ridge'], refitDays: 7, seeds: [1, 2, 3] };

async function asked(context: StageContext, more: object = {}) {
  const sequences = await rollingSequences(context);
  return rollingBacktestInput.parse({ sequences, ...settings, ...more });
}

type Input = Awaited<ReturnType<typeof asked>>;

async function doUnits(context: StageContext, input: Input, plan: RollingPlan, fits: FitData[] = []) {
  for (const unit of plan.missing) {
    await backtestStretch(context, unitAt(unit, input, plan), (_home, { forecaster }) =>
      meanForecaster(forecaster, (data) => void fits.push(data)),
    );
  }
}

const mergeOf = (context: StageContext, input: Input, plan: RollingPlan) =>
  mergeRollingBacktest(context, { input, plan: settledPlan.parse(plan) });

async function documentOf({ home }: StageContext, dataset: { uri: string; sha256: string; bytes: number }) {
  const { files } = await readManifest(home, dataset, 'backtest');
  const text = (
    await readArtifact(
      home,
      files.find(({ role }) => role === 'scores')!,
    )
  ).toString();
  return JSON.parse(text) as RollingDocument;
}

describe('a rolling backtest', () => {
  let document: RollingDocument;
  let fits: FitData[];

  it('fits a forecaster anew before every stretch, with what was known by then, and scores what it says', () =>
    withHome(async (context) => {
      const input = await asked(context);
      const plan = await planRollingBacktest(context, input);
      assert.deepEqual([plan.stretches.length, unitCount(plan, input), plan.missing.length], [3, 18, 18]);
      assert.deepEqual([plan.model, plan.regions], ['ridge', ['PACW', 'MISO']]);
      fits = [];
      await doUnits(context, input, plan, fits);
      const merged = await mergeOf(context, input, plan);
      assert.deepEqual(
        merged.scores.map(({ region }) => region),
        ['PACW', 'MISO'],
      );
      document = await documentOf(context, merged.dataset);
      const { files } = await readManifest(context.home, merged.dataset, 'backtest');
      const hours = files.find(({ role }) => role === 'hours')!;
      // Whoever reads any backtest's hours reads these.
      const [table] = await readHours(context.home.path(hours.uri));
      assert.equal(table!.validAt.length, document.regions[0]!.overall.hours);
      const { names } = await readColumns(context.home.path(hours.uri));
      for (const name of ['base_mw', 'climatology_mw', 'model_q05_mw', 'model_q95_mw']) {
        assert.ok(names.includes(name), name);
      }
      assert.deepEqual(await mergeOf(context, input, plan), { ...merged, reused: true });
    }));

  it('shows a fit no hour that was published after it', () => {
    assert.equal(fits.length, 18);
    for (const { tables, knownBy } of fits) {
      for (const { validAt } of tables) assert.ok(validAt.at(-1)! + HOUR_SECONDS <= knownBy);
    }
    const moments = [...new Set(fits.map(({ knownBy }) => knownBy))];
    assert.deepEqual(
      moments,
      document.protocol.rolling.stretches.map(({ from }) => fromHourStamp(from)),
    );
    const grown = document.protocol.rolling.stretches.map(({ fitIssues }) => fitIssues);
    assert.deepEqual([grown[1]! - grown[0]!, grown[2]! - grown[1]!], [7, 7]);
  });

  it('scores everybody on the same hours, the operator as far off as it is', () => {
    for (const { same, overall, counts, comparedOn } of document.regions) {
      assert.ok(Math.abs(same.mape['operator']! - 3) < 1e-9);
      assert.equal(same.hours, counts.scored);
      assert.equal(counts.asked, 20 * 24);
      assert.equal(counts.asked, counts.scored + counts.withoutModel);
      assert.match(comparedOn, /operator/);
      assert.equal(overall.mape['model'], same.mape['model']);
      // The very same forecaster under two names.
      assert.equal(same.mape['climatology'], same.mape['model']);
      // A point forecast's CRPS is its error.
      assert.ok(Math.abs(same.crps['operator']! - same.mape['operator']!) < 1e-9);
      assert.ok(same.crps['model']! < same.mape['model']!);
    }
  });

  it('breaks errors down so that every hour stands in one group of each', () => {
    const [{ by, same }] = document.regions as [RollingDocument['regions'][0]];
    for (const [name, groups] of Object.entries(by)) {
      assert.equal(
        groups.reduce((sum, { hours }) => sum + hours, 0),
        same.hours,
        name,
      );
      const mean = groups.reduce((sum, { hours, mape }) => sum + hours * mape['model']!, 0) / same.hours;
      assert.ok(Math.abs(mean - same.mape['model']!) < 1e-9, name);
    }
    assert.deepEqual(
      by.weekday.map(({ key }) => key),
      ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'],
    );
    assert.deepEqual([by.leadHours[0]!.key, by.leadHours.at(-1)!.key], [15, 38]);
    assert.deepEqual([by.localHour[0]!.key, by.localHour.at(-1)!.key], [0, 23]);
    assert.equal(by.peak[0]!.key, 'peak');
    assert.deepEqual(
      by.holiday.map(({ key }) => key),
      ['other day'],
    );
  });

  it('tests the model against everyone else, and tells how wide and how right its intervals are', () => {
    for (const { tests, quantiles, same } of document.regions) {
      assert.deepEqual(tests.map(({ against }) => against).toSorted(), [
        'climatology',
        'latestKnown',
        'operator',
        'persistence168',
        'persistence48',
      ]);
      const twin = tests.find(({ against }) => against === 'climatology')!;
      assert.deepEqual([twin.hourly.meanDifference, twin.hourly.pValue], [0, null]);
      const operator = tests.find(({ against }) => against === 'operator')!;
      const gap = same.mape['model']! - same.mape['operator']!;
      assert.ok(Math.abs(operator.hourly.meanDifference - gap) < 1e-9);
      assert.equal(operator.hourly.lag, document.protocol.rolling.longestLead - 1);
      assert.equal(operator.byIssue.lag, 1);
      const [eighty, ninety] = same.intervals;
      assert.deepEqual([eighty!.nominal, ninety!.nominal], [0.8, 0.9]);
      assert.ok(eighty!.coverage <= ninety!.coverage && eighty!.width < ninety!.width);
      assert.deepEqual(quantiles['model']!.levels, LEVELS);
      assert.equal(quantiles['model']!.pinball.length, LEVELS.length);
    }
  });

  it('tells how far the seeds lie apart', () => {
    const { model } = document.regions[0]!.spread;
    assert.deepEqual(
      model!.seeds.map(({ seed }) => seed),
      [1, 2, 3],
    );
    assert.ok(model!.deviation! > 0 && model!.least! < model!.most!);
    const [first] = model!.seeds;
    assert.equal(first!.mape, document.regions[0]!.same.mape['model']);
  });

  it('goes on with what is missing, and says so when something has gone since', () =>
    withHome(async (context) => {
      const input = await asked(context, { seeds: [1], forecasters: ['ridge'] });
      const first = await planRollingBacktest(context, input);
      await doUnits(context, input, { ...first, missing: first.missing.slice(0, 2) });
      const second = await planRollingBacktest(context, input);
      assert.deepEqual(second.missing, [2]);
      await assert.rejects(mergeOf(context, input, second), MissingDataError);
      await doUnits(context, input, second);
      const merged = await mergeOf(context, input, second);
      // Another name, the same fits.
      const named = { ...input, name: 'other', atOnce: 7 };
      assert.equal((await mergeOf(context, named, second)).dataset.uri, merged.dataset.uri);
      const { inputs } = await readManifest(context.home, merged.dataset);
      const [file] = (await readManifest(context.home, inputs[1]!)).files;
      await truncate(context.home.path(file!.uri), 10);
      assert.deepEqual((await planRollingBacktest(context, input)).missing, [0]);
    }));

  it('is refused over hours that were trained on, regions that are not there, forecasters nobody knows', () =>
    withHome(async (context) => {
      const refused = async (more: object, why: RegExp) =>
        assert.rejects(planRollingBacktest(context, await asked(context, more)), why);
      await refused({ score: { from: '2018-02', to: '2018-03' } }, /overlaps the training period/);
      await refused({ regions: ['ERCO'] }, /hold PACW, MISO, not ERCO/);
      await refused({ forecasters: ['oracle'] }, /no forecaster oracle/);
      await refused({ score: { from: '2019', to: '2019' } }, /no issue with an hour to score/);
    }));

  it('is of one input, with nothing twice and nothing that the baselines are called', () => {
    const reference = { uri: 'manifests/x.json', sha256: 'a'.repeat(64), bytes: 1 };
    const wrong: [object, RegExp][] = [
      [{ forecasters: ['ridge', 'ridge'] }, /twice/],
      [{ seeds: [1, 1] }, /twice/],
      [{ forecasters: ['operator'] }, /always scored/],
      [{ forecasters: ['ridge'], model: 'trees' }, /one of the forecasters: ridge/],
      [{ window: { slidingDays: 0 } }, /7/],
      [{ refitDays: -1 }, /0/],
    ];
    for (const [more, why] of wrong) {
      const { error } = rollingBacktestInput.safeParse({ sequences: reference, ...more });
      assert.match(error!.issues.map(({ message }) => message).join(), why);
    }
    assert.equal(rollingBacktestInput.parse({ sequences: reference }).refitDays, 30);
  });

  it('takes no answers from a forecaster that looks at what came true', () =>
    withHome(async (context) => {
      const input = await asked(context, { forecasters: ['ridge'], seeds: [1] });
      const plan = await planRollingBacktest(context, input);
      const oracle: Forecaster = {
        ...meanForecaster('oracle'),
        async fit() {
          const fitted: FittedForecaster = {
            name: 'oracle',
            levels: [0.5],
            predict: async ({ actual, base }) => actual.map((mw, cell) => (mw > 0 ? mw : base[cell]!)),
            save: () => new Uint8Array(),
          };
          return fitted;
        },
      };
      await assert.rejects(
        backtestStretch(context, unitAt(0, input, plan), () => oracle),
        (error) => error instanceof BadInputError && /does not see what came later/.test(error.message),
      );
    }));

  it('leaves out hours without demand, and compares on the operator’s where it has at least half', () =>
    withHome(async (context) => {
      const sequences = await rollingSequences(context, ['PACW'], (table) => {
        const first = table.validAt.findIndex((time) => time >= fromHourStamp('2018-03-10T01'));
        for (let i = 0; i < 5; i++) table.actual[first + i] = Number.NaN;
        for (let i = 5; i < 15; i++) table.operator[first + i] = Number.NaN;
      });
      const input = rollingBacktestInput.parse({ sequences, ...settings, seeds: [1] });
      const plan = await planRollingBacktest(context, input);
      await doUnits(context, input, plan);
      const { dataset } = await mergeOf(context, input, plan);
      const [{ counts, same, overall }] = (await documentOf(context, dataset)).regions as [
        RollingDocument['regions'][0],
      ];
      assert.deepEqual([counts.withoutActual, counts.withoutOperator], [5, 10]);
      assert.equal(same.hours, overall.hours - 10);
    }));
});
