import assert from 'node:assert/strict';
import { appendFile, readFile, readdir, rm } from 'node:fs/promises';
import type { Manifest } from '../../src/contracts/artifact.ts';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../../src/errors.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import { readColumns } from '../../src/lake/parquet.ts';
import { replayQuarantine } from '../../src/validation/replay-stage.ts';
import { validate, type ValidationReport } from '../../src/validation/stage.ts';
import { openGridHome, writeGrid, type GridHome } from './grid-home.ts';
import { endOf, hourly, loads, rowsOf, type Cell } from './support.ts';

const HOURS = 400;
const cells: Cell[] = [
  ...hourly('D', loads(HOURS)).map((cell) => (cell.hour === 300 ? { ...cell, value: 1900 } : cell)),
  ...hourly('DF', loads(HOURS)),
  { series: 'FUEL:COL', hour: 10, value: 5 },
];
const input = { regions: ['PACW' as const, 'ERCO' as const] };
const grid = { PACW: rowsOf(cells), ERCO: rowsOf(hourly('D', loads(HOURS))) };

describe('the validation stage', () => {
  let opened: GridHome;
  beforeEach(async () => (opened = await openGridHome()));
  afterEach(() => opened.remove());

  const manifestOf = async (result: Awaited<ReturnType<typeof validate>>): Promise<Manifest> =>
    readManifest(opened.context.home, result.dataset, 'validated');
  const reportOf = async (manifest: Manifest): Promise<ValidationReport> => {
    const { uri } = manifest.files.find(({ role }) => role === 'report')!;
    return JSON.parse(await readFile(opened.context.home.path(uri), 'utf8')) as ValidationReport;
  };

  it('writes one gapless table a region, in the lake’s types, and says how it went', async () => {
    const { context } = opened;
    const result = await validate(context, { ...input, dataset: await writeGrid(context.home, grid) });
    const manifest = await manifestOf(result);
    assert.deepEqual(
      manifest.files.filter(({ region }) => region).map(({ region, rows }) => [region, rows]),
      [
        ['PACW', HOURS],
        ['ERCO', HOURS],
      ],
    );
    const columns = await readColumns(context.home.path(manifest.files[0]!.uri));
    assert.deepEqual(
      [...columns.seconds('valid_at')],
      Array.from({ length: HOURS }, (_unused, hour) => endOf(hour)),
    );
    assert.match(columns.frame.getColumn('valid_at').dtype.toString(), /Datetime\(us, ?UTC\)/);
    assert.deepEqual(columns.names, [
      'valid_at',
      'region',
      'demand_mw',
      'demand_verdict',
      'demand_imputed',
      'demand_method',
      'demand_confidence',
      'demand_final_mw',
      'demand_final_verdict',
      'forecast_mw',
      'forecast_available_at',
      'forecast_verdict',
      ...['generation', 'interchange', 'solar', 'wind'].flatMap((name) => [
        `${name}_mw`,
        `${name}_available_at`,
      ]),
      'fuel_col_mw',
      'fuel_col_available_at',
    ]);
    assert.equal(columns.strings('demand_verdict')[300], 'spike');
    assert.equal(columns.strings('demand_method')[300], 'same_hour_last_week');
    assert.equal(columns.strings('demand_method')[299], null);
    assert.equal(result.reused, false);
    assert.deepEqual(result.facts, {
      regions: 2,
      hours: 2 * HOURS,
      demandOkPercent: 99.88,
      quarantinedRows: 1,
    });
    assert.deepEqual(
      opened.context.updates.map(({ done }) => done),
      [0, 1, 2],
    );
  });

  it('reports per region, series and rule, with a calendar that adds up', async () => {
    const { context } = opened;
    const result = await validate(context, { ...input, dataset: await writeGrid(context.home, grid) });
    const [pacw] = (await reportOf(await manifestOf(result))).regions;
    assert.deepEqual(pacw!.series['D'], { ok: HOURS - 1, spike: 1 });
    assert.deepEqual(pacw!.series['DF'], { ok: HOURS });
    assert.deepEqual(pacw!.series['FUEL:COL'], { ok: 1, missing: HOURS - 1 });
    assert.deepEqual(pacw!.imputation.methods, {
      same_hour_last_week: 1,
      same_hour_yesterday: 0,
      last_value: 0,
    });
    assert.equal(pacw!.calendar.firstDay, '2018-01-01');
    assert.deepEqual(pacw!.calendar.days[0], [24, 0, 0, 0]);
    assert.deepEqual(pacw!.calendar.days[12], [23, 1, 1, 0], 'hour 300 lies in the thirteenth day');
    const counted = pacw!.calendar.days.reduce((sum, [ok, , bad, missing]) => sum + ok + bad + missing, 0);
    assert.equal(counted, HOURS);
    assert.equal(pacw!.lastDemandHour, '2018-01-17T16');
  });

  it('does a piece of work once, and makes the very same bytes when its files are gone', async () => {
    const { context } = opened;
    const dataset = await writeGrid(context.home, grid);
    const first = await validate(context, { ...input, dataset });
    const again = await validate(context, { ...input, dataset });
    assert.equal(again.reused, true);
    assert.deepEqual(again.facts, first.facts);
    for (const folder of ['validated', 'quarantine', 'manifests/validated']) {
      await rm(context.home.path(folder), { recursive: true });
    }
    const anew = await validate(context, { ...input, dataset });
    assert.equal(anew.reused, false);
    assert.deepEqual(anew.dataset, first.dataset, 'the manifest carries the hashes of all files');
  });

  it('keeps refused rows where changed rules can judge them again', async () => {
    const { context } = opened;
    const { dataset } = await validate(context, { ...input, dataset: await writeGrid(context.home, grid) });
    const same = await replayQuarantine(context, { dataset });
    assert.deepEqual(same.rows, [{ region: 'PACW', verdict: 'spike', quarantined: 1, wouldPass: 0 }]);
    const tolerant = { spike: { limits: { change: 2 } } };
    const changed = await replayQuarantine(context, { dataset, rules: tolerant });
    assert.deepEqual(changed, {
      dataset,
      quarantined: 1,
      wouldPass: 1,
      rows: [{ region: 'PACW', verdict: 'spike', quarantined: 1, wouldPass: 1 }],
    });
  });

  it('counts the rows that a rule still refuses among those of its region', async () => {
    const { context } = opened;
    const wild = cells.map((cell) =>
      cell.hour === 350 && cell.series === 'D' ? { ...cell, value: -5 } : cell,
    );
    const dataset = await writeGrid(context.home, { PACW: rowsOf(wild) });
    const { dataset: validated } = await validate(context, { regions: ['PACW'], dataset });
    const { rows } = await replayQuarantine(context, {
      dataset: validated,
      rules: { spike: { causal: 'off' } },
    });
    assert.deepEqual(
      rows.map(({ verdict, wouldPass }) => [verdict, wouldPass]),
      [
        ['spike', 1],
        ['negative', 0],
      ],
    );
  });

  it('gives another dataset under other rules', async () => {
    const { context } = opened;
    const dataset = await writeGrid(context.home, grid);
    const strict = await validate(context, { ...input, dataset });
    const lax = await validate(context, { ...input, dataset, rules: { spike: { causal: 'off' } } });
    assert.notEqual(lax.dataset.uri, strict.dataset.uri);
    assert.equal(lax.facts['demandOkPercent'], 100);
    assert.equal((await reportOf(await manifestOf(lax))).rules.spike.causal, 'off');
    const shipped = await validate(context, { ...input, dataset, rules: {} });
    assert.deepEqual(shipped.dataset, strict.dataset, 'no change, no other dataset');
  });

  it('cuts a period out without changing a verdict in it', async () => {
    const { context } = opened;
    const dataset = await writeGrid(context.home, grid);
    const whole = await manifestOf(await validate(context, { ...input, dataset }));
    const cut = await manifestOf(
      await validate(context, { ...input, dataset, period: { from: '2018-01-10', to: '2018-01-13' } }),
    );
    const columns = async ({ files }: Manifest) => readColumns(context.home.path(files[0]!.uri));
    const [all, part] = [await columns(whole), await columns(cut)];
    assert.equal(part.rows, 96);
    const offset = 9 * 24;
    assert.deepEqual(
      part.strings('demand_verdict'),
      all.strings('demand_verdict').slice(offset, offset + 96),
    );
    assert.deepEqual(part.f64('demand_mw'), all.f64('demand_mw').slice(offset, offset + 96));
  });

  it('names what is wrong with its input', async () => {
    const { context } = opened;
    const dataset = await writeGrid(context.home, grid);
    const period = (from: string, to: string) =>
      validate(context, { ...input, dataset, period: { from, to } });
    await assert.rejects(period('2018-02', '2018-01'), (error: BadInputError) => {
      assert.ok(error instanceof BadInputError);
      return /ends \(2018-01\) before it starts \(2018-02\)/.test(error.message);
    });
    await assert.rejects(period('2021', '2021'), (error: MissingDataError) => {
      assert.ok(error instanceof MissingDataError);
      return /PACW has no hours from 2021 to 2021/.test(error.message);
    });
    await assert.rejects(validate(context, { regions: ['MISO'], dataset }), /nothing of MISO/);
    const useless = await writeGrid(context.home, { MISO: rowsOf([{ series: 'XX', hour: 0, value: 1 }]) });
    await assert.rejects(
      validate(context, { regions: ['MISO'], dataset: useless }),
      /MISO has no usable rows/,
    );
  });

  it('refuses a damaged grid file and leaves no manifest behind', async () => {
    const { context } = opened;
    const dataset = await writeGrid(context.home, grid);
    const { files } = await readManifest(context.home, dataset, 'grid');
    await appendFile(context.home.path(files[0]!.uri), 'x');
    await assert.rejects(validate(context, { ...input, dataset }), CorruptArtifactError);
    await assert.rejects(readdir(context.home.path('manifests/validated')));
  });

  it('stops when the work is cancelled', async () => {
    const cancelled = new AbortController();
    const context = { ...opened.context, signal: cancelled.signal };
    const dataset = await writeGrid(context.home, grid);
    cancelled.abort(new Error('cancelled'));
    await assert.rejects(validate(context, { ...input, dataset }), /cancelled/);
  });
});
