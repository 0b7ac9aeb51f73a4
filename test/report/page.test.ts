import assert from 'node:assert/strict';
import { appendFile, readFile } from 'node:fs/promises';
import { JSDOM } from 'jsdom';
import { MissingDataError } from '../../src/errors.ts';
import { readManifest, writeManifest } from '../../src/lake/artifacts.ts';
import type { StageContext } from '../../src/stages/context.ts';
import { writeReport } from '../../src/report/stage.ts';
import type { ScoresDocument } from '../../src/backtest/scores.ts';
import type { ReportInput } from '../../src/contracts/stages.ts';
import { readArtifact } from '../../src/lake/artifacts.ts';
import { percent } from '../../src/report/format.ts';
import { withHome } from '../backtest/sample-home.ts';
import { scoredSample } from '../registry/scored-sample.ts';

function withInput(act: (context: StageContext, input: ReportInput) => Promise<void>) {
  return withHome(async (context) => {
    const { context: _, ...references } = await scoredSample(context);
    await act(context, { ...references, name: 'day-ahead', version: 3 });
  });
}

const textOf = async (context: StageContext, uri: string) => readFile(context.home.path(uri), 'utf8');

describe('report', () => {
  it('is one page that loads nothing from anywhere', () =>
    withInput(async (context, input) => {
      const { report } = await writeReport(context, input);
      const page = await textOf(context, report.uri);
      assert.doesNotMatch(page, /https?:|\burl\(|@import|<script|<link|<img|<iframe|\bsrc=/i);
      const { document } = new JSDOM(page).window;
      assert.equal(document.querySelector('title')!.textContent, 'day-ahead, version 3 – Ringwatt');
      assert.ok(page.includes('screen and (prefers-color-scheme: dark)') && page.includes('@media print'));
    }));

  it('shows the scores, the charts and where they come from', () =>
    withInput(async (context, input) => {
      const { report } = await writeReport(context, input);
      const { document } = new JSDOM(await textOf(context, report.uri)).window;
      const backtest = await readManifest(context.home, input.backtest);
      const scores = backtest.files.find(({ role }) => role === 'scores')!;
      const told = JSON.parse((await readArtifact(context.home, scores)).toString()) as ScoresDocument;
      const cells = [...document.querySelectorAll('.scores')[0]!.querySelectorAll('tbody td')];
      const { mape, hours } = told.regions[0]!.overall;
      const texts = cells.map((cell) => cell.textContent!.replace(/best/, '').trim());
      assert.equal(texts[0], percent(mape['model']));
      assert.ok(texts[1]!.startsWith(percent(mape['operator'])));
      assert.deepEqual(
        texts.slice(2, 5),
        ['latestKnown', 'persistence48', 'persistence168'].map((n) => percent(mape[n])),
      );
      assert.equal(texts[5], String(hours));
      const charts = [...document.querySelectorAll('svg[role=img]')].map((svg) =>
        svg.getAttribute('aria-label')!,
      );
      for (const expected of [
        /actual demand, model/,
        /by hour of the local/,
        /by month/,
        /loss/,
        /memory/,
        /by week and year/,
      ]) {
        assert.ok(
          charts.some((label) => expected.test(label)),
          String(expected),
        );
      }
      const body = document.body.textContent!;
      assert.ok(body.includes('10:00 local standard time of the day before, when the operator holds it'));
      for (const { sha256 } of [input.grid, input.features, input.model, input.backtest])
        assert.ok(body.includes(sha256));
      assert.ok(body.includes('153 columns') && body.includes('612\u00a0MB'));
    }));

  it('says how the model was trained: the kernel, what broken rings cost, where each slot spent its time', () =>
    withInput(async (context, input) => {
      const { report } = await writeReport(context, input);
      const { document } = new JSDOM(await textOf(context, report.uri)).window;
      const section = document.querySelector('#training')!.parentElement!;
      const facts = [...section.querySelectorAll('.facts > div')].map((fact) =>
        [...fact.children].map((part) => part.textContent!.trim()),
      );
      assert.deepEqual(facts, [
        ['Attention', 'compiled kernel, AVX-512'],
        ['Rings that broke', '3: 1 step done again, no return to a checkpoint'],
        ['Computed with', 'kernels 0.2.0 avx512 on a sample processor'],
      ]);
      const rows = [...section.querySelectorAll('tbody tr')].map((row) =>
        [...row.children].map((cell) => cell.textContent!.trim().replace('\u00a0', ' ')),
      );
      assert.deepEqual(rows, [
        ['0', '93.1 %', '5.2 %', '1.7 %', '2.1 %', '612 MB'],
        ['1', '94.0 %', '6.0 %', '0.0 %', '2.0 %', '598 MB'],
      ]);
    }));

  it('says when another run may come to other bits, and nothing of bits otherwise', () =>
    withInput(async (context, input) => {
      const manifest = await readManifest(context.home, input.model);
      const model = await writeManifest(context.home, {
        ...manifest,
        key: 'fedcba9876543210',
        details: { ...manifest.details, bitsMayDiffer: true },
      });
      const factsOf = async (report: { uri: string }) => {
        const { document } = new JSDOM(await textOf(context, report.uri)).window;
        return document.querySelector('#training')!.parentElement!.textContent!;
      };
      assert.doesNotMatch(await factsOf((await writeReport(context, input)).report), /Bits/);
      assert.match(
        await factsOf((await writeReport(context, { ...input, model })).report),
        /Bits\s+may differ from an undisturbed run/,
      );
    }));

  it('tells of models from before all that was noted what there is', () =>
    withInput(async (context, input) => {
      const manifest = await readManifest(context.home, input.model);
      const { slotShares, kernel, numerics, rings, restarts, ...before } = manifest.details;
      assert.ok(slotShares && kernel && numerics && rings && restarts);
      const model = await writeManifest(context.home, {
        ...manifest,
        key: '0123456789abcdef',
        details: before,
      });
      const { report } = await writeReport(context, { ...input, model });
      const { document } = new JSDOM(await textOf(context, report.uri)).window;
      const section = document.querySelector('#training')!.parentElement!;
      assert.match(section.textContent!, /Rings that broke\s+none/);
      assert.equal(section.querySelector('table'), null);
      assert.doesNotMatch(section.textContent!, /undefined|NaN/);
    }));

  it('labels every control, figure and table cell for those who do not see the page', () =>
    withInput(async (context, input) => {
      const { report } = await writeReport(context, input);
      const { document } = new JSDOM(await textOf(context, report.uri)).window;
      for (const control of document.querySelectorAll('input')) {
        assert.ok(document.querySelector(`label[for="${control.id}"]`), control.id);
      }
      assert.ok(
        [...document.querySelectorAll('figure')].every((figure) => figure.querySelector('figcaption')),
      );
      assert.ok([...document.querySelectorAll('th')].every((cell) => cell.hasAttribute('scope')));
      const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length);
    }));

  it('is written once, and again when it was damaged', () =>
    withInput(async (context, input) => {
      const first = await writeReport(context, input);
      assert.equal(first.reused, false);
      assert.deepEqual(await writeReport(context, input), { ...first, reused: true });
      await appendFile(context.home.path(first.report.uri), '<p>');
      const again = await writeReport(context, input);
      assert.deepEqual([again.reused, again.report.sha256], [false, first.report.sha256]);
    }));

  it('names what is missing', () =>
    withInput(async (context, input) => {
      const backtest = await readManifest(context.home, input.backtest);
      const files = backtest.files.filter(({ role }) => role !== 'hours');
      const without = await writeManifest(context.home, { ...backtest, key: 'ab'.repeat(8), files });
      await assert.rejects(writeReport(context, { ...input, backtest: without }), (error: MissingDataError) =>
        /backtest manifest abababababababab has no hours/.test(error.message),
      );
    }));
});
