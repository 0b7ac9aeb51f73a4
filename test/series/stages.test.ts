import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import { SafetensorsFile } from '../../src/lake/safetensors.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import { listModels, readVersion, writeChampion } from '../../src/registry/stage.ts';
import { backtestSeries } from '../../src/series/backtest-stage.ts';
import { copyIn } from '../../src/series/copy-in.ts';
import { cutSeries } from '../../src/series/cut-stage.ts';
import { fitSeries } from '../../src/series/fit-stage.ts';
import { forecastSeries } from '../../src/series/forecast-stage.ts';
import { readCsvSeries } from '../../src/series/read-stage.ts';
import { registerSeries } from '../../src/series/register-stage.ts';
import { readSeries } from '../../src/series/series-file.ts';
import { spellTime } from '../../src/series/times.ts';
import { SequencesDataset } from '../../src/training/sequences-dataset.ts';
import { csvOf, HOUR, hourlyLines, seriesHome, START, waves, type SeriesHome } from './files.ts';

const ROWS = 700;
const columns = { time: 'time', targets: ['load'], covariates: ['wind'], maxGap: 6 };
const plan = {
  horizon: 12,
  context: 48,
  split: { unit: 'fractions', train: 0.6, validation: 0.2, test: 0.2 },
} as const;
const wind = (row: number) => (row * 37) % 11;

/** Covariates go on for `ahead` hours after the targets. */
const text = (rows: number, ahead: number, first = 0) =>
  csvOf(
    hourlyLines(rows + ahead, (row) => `${row < rows ? waves(row) : ''},${wind(row)}`).slice(first),
    'time,load,wind',
  );

const accepted = async (csv: ArtifactReference) => csv;

async function read(at: SeriesHome, content: string): Promise<ArtifactReference> {
  const csv = await copyIn(at.home, await at.file('load.csv', content), accepted);
  return (await readCsvSeries(at.context, { csv, ...columns })).dataset;
}

async function registered(at: SeriesHome, content: string) {
  const series = await read(at, content);
  const { dataset: linear } = await fitSeries(at.context, { series, ...plan });
  const tested = await backtestSeries(at.context, { series, ...plan, linear });
  const version = await registerSeries(at.context, { name: 'mine', backtest: tested.dataset });
  return { series, linear, tested, version };
}

describe('the stages of a series', () => {
  it('lead from a file to a forecast, and do nothing twice', async () => {
    await using at = await seriesHome();
    const { series, tested, version } = await registered(at, text(ROWS, 12));
    assert.equal(tested.chosen, 'linear');
    const back = await readSeries(at.home, series);
    assert.equal(back.series.rows, ROWS);
    assert.equal(back.series.covariates.get('wind')!.length, ROWS + 12);
    const manifest = await readManifest(at.home, series, 'series');
    assert.equal(manifest.inputs[0]!.sha256, back.details.fileSha256);
    const again = await registered(at, text(ROWS, 12));
    assert.deepEqual(
      [again.tested.reused, again.version.reused, again.version.version],
      [true, true, version.version],
    );

    const forecast = await forecastSeries(at.context, { name: 'mine', version: 1 });
    assert.deepEqual(
      forecast.rows.map(({ time }) => time),
      Array.from({ length: 12 }, (_, i) => spellTime(START + (ROWS + i) * HOUR)),
    );
    for (const [i, { forecast: value, lower, upper }] of forecast.rows.entries()) {
      assert.ok(lower < value && value < upper);
      assert.ok(Math.abs(value - waves(ROWS + i)) < 5, `${value} is not ${waves(ROWS + i)}`);
    }
    assert.equal((await forecastSeries(at.context, { name: 'mine', version: 1 })).reused, true);
  });

  it('register a version that the registry lists, promotes and reads back whole', async () => {
    await using at = await seriesHome();
    const { version } = await registered(at, text(ROWS, 12));
    const [listed] = await listModels(at.context, {});
    assert.deepEqual([listed!.name, listed!.versions.length], ['mine', 1]);
    const { record, sha256 } = await readVersion(at.context, { name: 'mine', version: 1 });
    assert.deepEqual([record.series!.frequency, record.series!.chosen], ['1h', 'linear']);
    assert.equal(sha256, version.sha256);
    const card = await readFile(at.home.path('models/mine/1/card.md'), 'utf8');
    assert.match(card, /^# mine, version 1\n/);
    assert.match(card, /\| linear \| [\d.]+ \| [\d.]+ \| [\d.]+ \| chosen \|/);
    assert.match(card, /covariates known ahead: wind/);
    await assert.rejects(forecastSeries(at.context, { name: 'mine' }), /has no champion/);
    await writeChampion(at.context, {
      name: 'mine',
      generation: 1,
      version: 1,
      sha256,
      since: '2020-01-01T00:00:00Z',
      previous: [],
    });
    assert.equal((await forecastSeries(at.context, { name: 'mine' })).model.version, 1);
  });

  it('forecast from newer rows: those that go on from the series, or enough of their own', async () => {
    await using at = await seriesHome();
    await registered(at, text(ROWS, 12));
    const csv = async (content: string) => copyIn(at.home, await at.file('newer.csv', content), accepted);
    const first = async (content: string) => {
      const { rows } = await forecastSeries(at.context, {
        name: 'mine',
        version: 1,
        csv: await csv(content),
      });
      return rows[0]!.time;
    };
    assert.equal(await first(text(ROWS + 5, 12, ROWS - 3)), spellTime(START + (ROWS + 5) * HOUR));
    assert.equal(await first(text(ROWS + 90, 12, ROWS + 20)), spellTime(START + (ROWS + 90) * HOUR));
    await assert.rejects(
      first(text(ROWS + 30, 12, ROWS + 20)),
      /The file's 10 rows from 2020-01-31T00:00:00Z on do not go on from the series, which ends at 2020-01-30T03:00:00Z, and 48 rows are looked back on\./,
    );
    await assert.rejects(
      first(text(ROWS + 5, 3, ROWS - 3)),
      /Covariate wind ends at 2020-01-30T11:00:00Z; a forecast of 12 rows needs it to 2020-01-30T20:00:00Z\./,
    );
  });

  it('refuse a name that forecasts the other kind of thing, and a file that is not there', async () => {
    await using at = await seriesHome();
    await registered(at, text(ROWS, 12));
    const { requireSubject } = await import('../../src/registry/version-folder.ts');
    await assert.rejects(
      requireSubject(at.home, 'mine', 'grid'),
      /The model mine forecasts a series of its own; this one would forecast the grid's demand\./,
    );
    await assert.rejects(copyIn(at.home, `${at.folder}/none.csv`, accepted), /none\.csv is not there/);
    await assert.rejects(copyIn(at.home, at.folder, accepted), /is not a file/);
    await assert.rejects(copyIn(at.home, await at.file('empty.csv', ''), accepted), /is empty/);
  });

  it('cut sequences whose targets are the rows ahead as differences from the level, of the training part alone', async () => {
    await using at = await seriesHome();
    const series = await read(at, text(ROWS, 12));
    const { dataset, facts } = await cutSeries(at.context, { series, ...plan });
    assert.equal(facts['rows'], 420);
    await using sequences = await SequencesDataset.open(at.home, dataset);
    const positions = Int32Array.of(0, 30, 95);
    const { targets } = await sequences.share({ region: 0, start: 12 }, positions);
    const manifest = await readManifest(at.home, dataset, 'sequences');
    const file = await SafetensorsFile.open(at.home.pathOf(manifest.files[0]!));
    const [level, values] = await Promise.all(
      ['demand_known', 'demand_final'].map((name) => file.read(name)),
    );
    await file.close();
    assert.equal(values!.data.length, 420);
    for (const [i, position] of positions.entries()) {
      const row = 12 + position;
      for (const lead of [1, 7, 12]) {
        const expected = Number(values!.data[row + lead]) - Number(level!.data[row]);
        assert.ok(Math.abs(targets[i * 12 + lead - 1]! - expected) < 1e-6);
      }
    }
    await assert.rejects(
      cutSeries(at.context, { series, ...plan, sequenceLength: 415 }),
      /The training part has 420 rows; sequences of 415 and 12 to predict after them need 427\./,
    );
  });
});
