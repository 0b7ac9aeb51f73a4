import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JSDOM } from 'jsdom';
import { loadConfig } from '../../src/config/config.ts';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import {
  explainInput,
  type ChangedColumn,
  type ExplainInput,
  type Explanation,
} from '../../src/contracts/explain.ts';
import { fitForecasterInput } from '../../src/contracts/forecasters.ts';
import { BadInputError, MissingDataError } from '../../src/errors.ts';
import { readExplanation } from '../../src/explain/document.ts';
import { explain } from '../../src/explain/stage.ts';
import { fitForecaster } from '../../src/forecasters/stage.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import { Home } from '../../src/lake/home.ts';
import type { ReportInput } from '../../src/contracts/stages.ts';
import { writeReport } from '../../src/report/stage.ts';
import { scoredSample } from '../registry/scored-sample.ts';
import { renderExplanationPage } from '../../src/report/explanation-page.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';
import { rollingSequences } from '../backtest/rolling-home.ts';

describe('explain', () => {
  let context: StageContext;
  let manifest: ArtifactReference;

  /** A forecaster of climatology and trees. */
  before(async () => {
    const home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-test-')));
    const config = loadConfig({}, { environment: {} });
    context = { home, config, signal: new AbortController().signal, progress() {}, log: silentLogger };
    const sequences = await rollingSequences(context);
    const input = { sequences, members: ['climatology', 'trees'], validationDays: 14, trees: { trees: 15 } };
    manifest = (await fitForecaster(context, fitForecasterInput.parse(input))).dataset;
  });

  after(() => rm(context.home.root, { recursive: true, force: true }));

  async function ask(given: Partial<ExplainInput> = {}): Promise<{ reused: boolean; told: Explanation }> {
    const result = await explain(context, explainInput.parse({ manifest, repeats: 2, ...given }));
    const written = await readManifest(context.home, result.dataset, 'explanation');
    return { reused: result.reused, told: await readExplanation(context.home, written) };
  }

  it('tells of the period that is to be scored, once', async () => {
    const first = await ask();
    assert.equal(first.reused, false);
    assert.deepEqual(
      first.told.regions.map(({ region }) => region),
      ['PACW', 'MISO'],
    );
    const [pacw] = first.told.regions;
    const { importance, attention, forecast } = pacw!;
    assert.equal(attention, undefined);
    // No holiday is among the columns, so there is no example of one; what moved the highest day is told.
    assert.ok(forecast!.whatIf === undefined && forecast!.movedBy.length === 1);
    assert.deepEqual(
      [importance!.from.slice(0, 10), importance!.to.slice(0, 10)],
      ['2018-03-02', '2018-03-20'],
    );
    // The target's hour is all that the tables have.
    const [whole] = importance!.forecasters;
    assert.deepEqual(
      whole!.groups.map(({ group, columns, repeats }) => [group, columns, repeats.length]),
      [['calendar', 1, 2]],
    );
    assert.ok(whole!.mape > 0 && whole!.hours === importance!.issues * 24);
    assert.deepEqual(await ask(), { ...first, reused: true });
    assert.equal((await ask({ seed: 2 })).reused, false);
    await rm(context.home.path('explanations'), { recursive: true });
    assert.equal((await ask()).reused, false);
  });

  it('tells of one forecast, and of what it would be', async () => {
    const { told } = await ask({ regions: ['MISO'], issuedAt: '2018-03-10T23' });
    const [{ forecast, importance }] = told.regions as [Explanation['regions'][0]];
    assert.equal(importance, undefined);
    assert.deepEqual(
      forecast!.movedBy.map(({ group }) => group),
      ['calendar'],
    );
    const whatIf = [{ column: 'hour', how: 'set' as const, value: 3 }];
    const changed = (await ask({ regions: ['MISO'], issuedAt: '2018-03-10T23', whatIf })).told.regions[0]!;
    assert.deepEqual(changed.forecast!.before, forecast!.before);
    const [{ before, after }] = changed.forecast!.whatIf!.changes as [ChangedColumn];
    assert.deepEqual(
      [before, after],
      [
        { least: 1, most: 24 },
        { least: 3, most: 3 },
      ],
    );
    assert.ok(forecast!.before.every(({ low, median, high }) => low! <= median! && median! <= high!));
  });

  it('is shown as charts that say what they show', async () => {
    const { told } = await ask({ regions: ['MISO'] });
    const whatIf = [{ column: 'hour', how: 'add' as const, value: 30 }];
    const { forecast } = (await ask({ regions: ['MISO'], whatIf })).told.regions[0]!;
    const bins = [0, 1].map((from) => ({
      from,
      to: from + 1,
      share: 0.5,
      alike: 0.5,
      byLayer: [0.3, 0.7],
    }));
    const attention = { issues: 5, layers: 2, heads: 2, reach: { least: 2, most: 2 }, bins };
    const page = renderExplanationPage({
      ...told,
      regions: [{ ...told.regions[0]!, forecast, attention }],
    });
    const { document } = new JSDOM(page).window;
    const labels = [...document.querySelectorAll('svg[role=img]')].map((svg) =>
      svg.getAttribute('aria-label'),
    );
    assert.deepEqual(labels, [
      'MISO: what the error rises by without each group of inputs',
      'MISO: attention by hours back',
      'MISO: a forecast, and what it would be with other inputs',
    ]);
    const text = document.body.textContent!;
    assert.match(text, /With hour=\+30\./);
    assert.match(text, /training saw 1 to 24/);
    assert.doesNotMatch(text + page, /undefined|NaN|https?:\/\/(?!www\.w3)/);
    assert.ok([...document.querySelectorAll('th')].every((cell) => cell.hasAttribute('scope')));
  });

  it('is part of the report of a forecaster, and of no other', async () => {
    const { context: _, ...references } = await scoredSample(context);
    const input = { ...references, name: 'day-ahead', version: 1 };
    const charts = async (given: ReportInput) => {
      const { report } = await writeReport(context, given);
      const page = await readFile(context.home.path(report.uri), 'utf8');
      const { document } = new JSDOM(page).window;
      return [...document.querySelectorAll('#why ~ .multiples svg')].map((svg) =>
        svg.getAttribute('aria-label'),
      );
    };
    assert.deepEqual(await charts(input), []);
    assert.deepEqual(
      await charts({ ...input, forecaster: manifest }),
      ['PACW', 'MISO'].map((region) => `${region}: what the error rises by without each group of inputs`),
    );
  });

  it('refuses what cannot be explained', async () => {
    const says = (pattern: RegExp) => (error: BadInputError) => pattern.test(error.line);
    await assert.rejects(ask({ regions: ['ERCO'] }), says(/does not know ERCO.*PACW, MISO/));
    await assert.rejects(ask({ period: { from: '2018-02', to: '2018-03' } }), says(/learnt from/));
    await assert.rejects(ask({ period: { from: '2019', to: '2019' } }), MissingDataError);
    await assert.rejects(ask({ groups: ['sequence'] }), says(/No ring transformer/));
    await assert.rejects(ask({ issuedAt: '2020-01-01T00' }), says(/No forecast of PACW/));
    await assert.rejects(ask({ manifest: undefined, name: 'nobody' }), says(/no model nobody/));
  });
});
