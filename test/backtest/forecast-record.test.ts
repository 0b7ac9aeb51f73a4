import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRegionRecord } from '../../src/backtest/forecast.ts';
import { forgetGrid } from '../../src/backtest/forecast-grid.ts';
import { recordAsOf } from '../../src/backtest/forecast-record.ts';
import { loadConfig } from '../../src/config/config.ts';
import { fromHourStamp, HOUR_SECONDS } from '../../src/contracts/time.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import { sortRows, type GridRows } from '../../src/lake/grid-rows.ts';
import { Home } from '../../src/lake/home.ts';
import { availableAt } from '../../src/sources/availability.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';
import { validate } from '../../src/validation/stage.ts';
import { REGION, shippedRows, writeGrid } from './trained-home.ts';

const LABELS = ['D', 'DF', 'FUEL:COL', 'FUEL:SUN', 'NG', 'RF:WND', 'TI'];

describe('the record of a forecast', function () {
  let context: StageContext;
  before(async () => {
    const home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-test-')));
    const config = loadConfig({}, { environment: {} });
    context = { home, config, signal: new AbortController().signal, progress() {}, log: silentLogger };
  });
  after(() => rm(context.home.root, { recursive: true, force: true }));

  it('is, judged in memory, what a validation as of the issue writes, to the bit, read once or anew', async () => {
    const { home } = context;
    const rows = await everySeries();
    const grid = await writeGrid(context, rows, 'every series');
    const manifest = await readManifest(home, grid, 'grid');
    for (const [at, from] of [
      ['2019-03-14T18', '2019-01-20'],
      ['2019-02-02T03', '2019-01-01'],
      ['2019-03-31T20', '2019-03-01'],
    ] as const) {
      const period = { from, to: '2019-04-03' };
      const input = { dataset: grid, regions: [REGION as 'PACW'], period, asOf: at };
      const { dataset } = await validate(context, input);
      const written = await readRegionRecord(home, await readManifest(home, dataset), REGION);
      assert.ok(written.rows.fuels.has('fuel_col') && written.rows.demand.length > 300);
      const choice = { asOf: fromHourStamp(at), period };
      assert.deepEqual(await recordAsOf(home, manifest, REGION, choice), written);
      forgetGrid();
      assert.deepEqual(await recordAsOf(home, manifest, REGION, choice), written);
    }
  });

  it('keeps the files it has read, and refuses what is damaged when it reads it', async () => {
    const { home } = context;
    const grid = await writeGrid(context, await shippedRows(), 'to be damaged');
    const manifest = await readManifest(home, grid, 'grid');
    const choice = {
      asOf: fromHourStamp('2019-03-14T18'),
      period: { from: '2019-02-01', to: '2019-03-20' },
    };
    const record = await recordAsOf(home, manifest, REGION, choice);
    await rm(home.path(manifest.files[0]!.uri));
    assert.deepEqual(await recordAsOf(home, manifest, REGION, choice), record);
    forgetGrid();
    await assert.rejects(recordAsOf(home, manifest, REGION, choice), /is not there/);
    await assert.rejects(recordAsOf(home, manifest, 'MISO', choice), /nothing of MISO/);
  });
});

/** Demand and its forecast with holes, spikes, revisions and late values, and made-up series of every other kind. */
async function everySeries(): Promise<GridRows> {
  const shipped = await shippedRows();
  const made: { series: string; validAt: number; value: number; availableAt: number }[] = [];
  for (let row = 0; row < shipped.length; row++) {
    const series = shipped.labels[shipped.series[row]!]!;
    const validAt = shipped.validAt[row]!;
    const known = shipped.availableAt[row]!;
    const mw = row % 211 === 210 ? 3 * shipped.value[row]! : shipped.value[row]!;
    if (row % 97 < 3) continue;
    made.push({ series, validAt, value: mw, availableAt: row % 53 === 0 ? known + 3 * HOUR_SECONDS : known });
    if (row % 31 === 0) {
      made.push({ series, validAt, value: mw * 1.02, availableAt: known + 400 * HOUR_SECONDS });
    }
    if (series !== 'D') continue;
    const day = Math.max(0, Math.sin((validAt / HOUR_SECONDS) * 0.26));
    for (const [other, share] of [
      ...[['NG', 1.1] as const, ['TI', row % 89 === 0 ? 0.9 : 0.1] as const, ['FUEL:COL', 0.4] as const],
      ...[['FUEL:SUN', 0.2 * day - 0.001] as const, ['RF:WND', 0.2] as const],
    ]) {
      if ((row + other.length) % 61 === 0) continue;
      const at = other === 'RF:WND' ? known : availableAt(other, validAt, REGION);
      made.push({ series: other, validAt, value: share * shipped.value[row]!, availableAt: at });
    }
  }
  return sortRows({
    length: made.length,
    labels: LABELS,
    series: Int32Array.from(made, ({ series }) => LABELS.indexOf(series)),
    validAt: Float64Array.from(made, ({ validAt }) => validAt),
    value: Float64Array.from(made, ({ value }) => value),
    availableAt: Float64Array.from(made, (row) => row.availableAt),
    basis: new Int32Array(made.length),
  });
}
