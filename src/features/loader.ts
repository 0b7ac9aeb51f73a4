import { readdir, stat } from 'node:fs/promises';
import pl from 'nodejs-polars';
import type { Manifest } from '../contracts/artifact.ts';
import { ingestionInput } from '../contracts/ingestion.ts';
import { regionCode, type RegionCode } from '../contracts/regions.ts';
import { dateBound, firstHourOf, HOUR_SECONDS, lastHourOf, toHourStamp } from '../contracts/time.ts';
import { loadConfig } from '../config/config.ts';
import { BadInputError, describeIssues, MissingDataError } from '../errors.ts';
import { readManifest, referTo } from '../lake/artifacts.ts';
import { Home } from '../lake/home.ts';
import { Columns, toFrame } from '../lake/parquet.ts';
import { silentLogger, type StageContext } from '../stages/context.ts';
import { readRegionRows } from '../validation/region-rows.ts';
import { validateTable } from '../validation/table.ts';
import { REQUIRED_COLUMNS } from './engineer.ts';
import { asKnownFrame, validatedRows, type ValidatedRows } from './validated-rows.ts';

export interface LoadOptions {
  region: RegionCode;
}

/** Reads training data out of a home, validated and as it was known hour by hour. */
export class EnergyDataLoader {
  readonly home: Home;
  readonly #apiKey: string | undefined;

  private constructor(home: Home, apiKey: string | undefined) {
    this.home = home;
    this.#apiKey = apiKey;
  }

  /**
   * @param path the home: what `--home` names, `.ringwatt` by default on the command line
   * @param apiKey an EIA key: with one, hours that are not in the home are fetched from api.eia.gov
   */
  static async createFromStorage(path: string, apiKey?: string): Promise<EnergyDataLoader> {
    return new EnergyDataLoader(await Home.open(path), apiKey);
  }

  /**
   * The six columns that features are made from, one row an hour from `start` to `end` (dates, both included;
   * hours are named by their ends). A row holds what was known an hour after it: generation of the newest day
   * published. Hours without a believable value are imputed (demand) or null (the others).
   * @throws BadInputError on a wrong date or region
   * @throws MissingDataError when the home, and the source where there is a key, lacks hours of the range
   */
  async loadTrainingData(start: string, end: string, { region }: LoadOptions): Promise<pl.DataFrame> {
    const range = checkedRange(start, end, region);
    let rows = await this.#rows(region);
    if (!covers(rows, range) && this.#apiKey !== undefined) {
      await this.#ingest(region, start, end);
      rows = await this.#rows(region);
    }
    if (!rows || !covers(rows, range)) throw lacking(this.home, rows, { region, start, end });
    const frame = asKnownFrame(rows).select(...REQUIRED_COLUMNS);
    return frame.slice((range.from - rows.first) / HOUR_SECONDS, (range.to - range.from) / HOUR_SECONDS + 1);
  }

  async #rows(region: RegionCode): Promise<ValidatedRows | undefined> {
    const grid = await newestGridWith(this.home, region);
    if (!grid) return undefined;
    const { columns } = validateTable(region, await readRegionRows(this.home, grid, region));
    return validatedRows(new Columns(toFrame(columns)), region, `The grid dataset ${grid.key}`);
  }

  async #ingest(region: RegionCode, start: string, end: string): Promise<void> {
    const { completeIngestion, ingestWindow, planIngestion } = await import('../sources/stage.ts');
    const context: StageContext = {
      home: this.home,
      config: loadConfig({ home: this.home.root, eiaApiKey: this.#apiKey }),
      signal: new AbortController().signal,
      progress() {},
      log: silentLogger,
    };
    const ingestion = ingestionInput.parse({ regions: [region], from: start, to: end });
    const begun = performance.now();
    const { windows, period } = await planIngestion(context, ingestion);
    const totals = { records: 0, pages: 0, pagesReused: 0, bytes: 0, files: 0, quarantined: 0 };
    for (const window of windows) {
      const fetched = await ingestWindow(context, window);
      for (const field of Object.keys(totals) as (keyof typeof totals)[]) totals[field] += fetched[field];
    }
    await completeIngestion(context, {
      ingestion,
      period,
      totals,
      windows: windows.length,
      failedWindows: 0,
      seconds: (performance.now() - begun) / 1000,
    });
  }
}

interface Range {
  from: number;
  to: number;
}

function checkedRange(start: string, end: string, region: string): Range {
  for (const bound of [start, end]) {
    const parsed = dateBound.safeParse(bound);
    if (!parsed.success) {
      throw new BadInputError(
        `"${bound}" is no date: it ${describeIssues(parsed.error.issues)}.`,
        'Correct it.',
      );
    }
  }
  if (!regionCode.safeParse(region).success) {
    throw new BadInputError(`There is no region "${region}".`, `There are ${regionCode.options.join(', ')}.`);
  }
  const range = { from: firstHourOf(start), to: lastHourOf(end) };
  if (range.to < range.from) {
    throw new BadInputError(`The range ends (${end}) before it starts (${start}).`, 'Swap its dates.');
  }
  return range;
}

const covers = (rows: ValidatedRows | undefined, { from, to }: Range) =>
  rows !== undefined && rows.first <= from && rows.first + (rows.hours - 1) * HOUR_SECONDS >= to;

async function newestGridWith(home: Home, region: RegionCode): Promise<Manifest | undefined> {
  const folder = home.path('manifests', 'grid');
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const dated = await Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .map(async (name) => ({ name, at: (await stat(`${folder}/${name}`)).mtimeMs })),
  );
  for (const { name } of dated.toSorted((a, b) => b.at - a.at)) {
    const grid = await readManifest(home, await referTo(home, `manifests/grid/${name}`), 'grid');
    if (grid.files.some((file) => file.region === region)) return grid;
  }
  return undefined;
}

function lacking(
  home: Home,
  rows: ValidatedRows | undefined,
  { region, start, end }: { region: string; start: string; end: string },
): MissingDataError {
  const has = rows
    ? `it has ${toHourStamp(rows.first)} to ${toHourStamp(rows.first + (rows.hours - 1) * HOUR_SECONDS)}`
    : 'it has nothing of that region';
  return new MissingDataError(
    `${home.root} lacks hours of ${region} from ${start} to ${end}: ${has}.`,
    `Run \`ringwatt ingest --home ${home.root} --regions ${region} --from ${start} --to ${end}\`, or give an EIA key.`,
  );
}
