import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { JSDOM } from 'jsdom';
import { mergeRollingBacktest } from '../../src/backtest/rolling/merge-stage.ts';
import { planRollingBacktest } from '../../src/backtest/rolling/plan-stage.ts';
import { backtestStretch } from '../../src/backtest/rolling/stretch-stage.ts';
import { rollingBacktestInput, settledPlan, unitAt } from '../../src/contracts/rolling-backtest.ts';
import { readArtifact, readManifest } from '../../src/lake/artifacts.ts';
import type { RollingDocument } from '../../src/backtest/rolling/document.ts';
import { writeBacktestReport } from '../../src/report/backtest-stage.ts';
import { percent } from '../../src/report/format.ts';
import type { StageContext } from '../../src/stages/context.ts';
import { meanForecaster, rollingSequences } from '../backtest/rolling-home.ts';
import { withHome } from '../backtest/sample-home.ts';

async function rolled(context: StageContext) {
  const input = rollingBacktestInput.parse({
    sequences: await rollingSequences(context),
    ...{ forecasters: ['climatology', 'ridge'], refitDays: 10, seeds: [1, 2] },
  });
  const plan = await planRollingBacktest(context, input);
  for (const unit of plan.missing) {
    await backtestStretch(context, unitAt(unit, input, plan), (_home, { forecaster }) =>
      meanForecaster(forecaster),
    );
  }
  return mergeRollingBacktest(context, { input, plan: settledPlan.parse(plan) });
}

describe('the report of a rolling backtest', () => {
  let page: string;
  let told: RollingDocument;
  let document: Document;

  before(() =>
    withHome(async (context) => {
      const { home } = context;
      const { dataset } = await rolled(context);
      const asked = { name: 'sample', backtest: dataset };
      const { report, reused } = await writeBacktestReport(context, asked);
      assert.equal(reused, false);
      assert.deepEqual(await writeBacktestReport(context, asked), { report, reused: true });
      page = await readFile(home.path(report.uri), 'utf8');
      document = new JSDOM(page).window.document;
      const { files } = await readManifest(home, dataset);
      const scores = files.find(({ role }) => role === 'scores')!;
      told = JSON.parse((await readArtifact(home, scores)).toString()) as RollingDocument;
    }),
  );

  it('is one page that loads nothing from anywhere', () => {
    assert.doesNotMatch(page, /https?:|\burl\(|@import|<script|<link|<img|<iframe|\bsrc=/i);
    assert.equal(document.querySelector('title')!.textContent, 'sample: backtest of ridge – Ringwatt');
    assert.doesNotMatch(document.body.textContent!, /undefined|NaN|\[object/);
  });

  it('shows everybody’s scores, best marked, and whether the lead may be chance', () => {
    const [row] = [...document.querySelectorAll('.scores')[0]!.querySelectorAll('tbody tr')];
    const cells = [...row!.children].map((cell) => cell.textContent!.replace('best', '').trim());
    const { region, same, tests } = told.regions[0]!;
    assert.deepEqual(cells.slice(0, 3), [
      region,
      percent(same.mape['model']),
      percent(same.mape['climatology']),
    ]);
    const test = tests.find(({ against }) => against === 'persistence168')!;
    const text = document.querySelector('.tests tbody tr')!.textContent!;
    assert.ok(text.includes(Math.abs(test.hourly.meanDifference).toFixed(2)));
    assert.match(text, /p /);
  });

  it('draws where the errors lie, how right the intervals are, and a week of them', () => {
    const charts = [...document.querySelectorAll('svg[role=img]')].map((svg) =>
      svg.getAttribute('aria-label')!,
    );
    for (const expected of [
      /PACW: error by month/,
      /MISO: error by lead hour/,
      /error by hour of the local day/,
      /error by weekday/,
      /coverage of the intervals by month/,
      /coverage of the intervals by lead hour/,
      /intervals, median and actual demand/,
    ]) {
      assert.ok(
        charts.some((label) => expected.test(label)),
        String(expected),
      );
    }
    assert.match(document.querySelector('#breakdowns')!.parentElement!.textContent!, /off-peak/);
  });

  it('tells the spread over seeds, and what every fit rested on', () => {
    assert.match(document.querySelector('#seeds')!.parentElement!.textContent!, /±/);
    const fits = document.querySelector('#protocol')!.parentElement!.querySelectorAll('tbody tr');
    assert.equal(fits.length, told.protocol.rolling.stretches.length);
  });

  it('labels every figure and table cell for those who do not see the page', () => {
    assert.ok([...document.querySelectorAll('figure')].every((figure) => figure.querySelector('figcaption')));
    assert.ok([...document.querySelectorAll('th')].every((cell) => cell.hasAttribute('scope')));
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });
});
