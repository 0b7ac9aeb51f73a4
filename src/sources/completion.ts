import type { Manifest } from '../contracts/artifact.ts';
import type {
  CompleteIngestionInput,
  IngestionInput,
  IngestionResult,
  RouteName,
  SeriesAccount,
} from '../contracts/ingestion.ts';
import { HOUR_SECONDS, fromHourStamp } from '../contracts/time.ts';
import { MissingDataError } from '../errors.ts';
import { onceByKey, verifiedPath } from '../lake/artifacts.ts';
import { workKey } from '../lake/canonical.ts';
import { yearOf } from '../lake/grid-rows.ts';
import type { Home } from '../lake/home.ts';
import type { StageContext } from '../stages/context.ts';
import { retireOlder } from './retire.ts';
import { accessTo } from './source-access.ts';
import { periodOver, wholeRecord } from './whole-record.ts';
import { readWindowRecord, type WindowRecord } from './window-record.ts';
import { regionsOf, routesOf, windowsOf } from './windows.ts';

/** Raised when the same replies would make other rows. */
const GRID_VERSION = 1;
const ACCOUNT_LINES = 60;

/** Series that are asked after even where the source has none; a region without fuels gets one line, `FUEL`. */
const EXPECTED: Partial<Record<RouteName, string[]>> = {
  'region-data': ['D', 'DF', 'NG', 'TI'],
  'fuel-type-data': ['FUEL'],
  SLD_FCST: ['D', 'DF'],
  ENE_SLRS: ['NG', 'TI'],
  SLD_REN_FCST: ['RF:SUN', 'RF:WND'],
};

/** Makes the dataset of a run out of its windows, with an account of what is there and what is not. */
export async function completeIngestion(
  context: StageContext,
  { ingestion, period: asked, totals, windows, failedWindows, seconds }: CompleteIngestionInput,
): Promise<IngestionResult> {
  const { home, log } = context;
  const access = await accessTo(ingestion.source, context);
  const { origin } = access;
  const whole = ingestion.dataset === 'whole';
  const records = whole
    ? await wholeRecord(home, access, ingestion)
    : await fetchedWindows(home, access.folder, ingestion, asked);
  const period = (whole && periodOver(records)) || asked;
  const files = records.map(({ file, window }) => ({
    ...file!,
    region: window.region,
    year: yearOf(fromHourStamp(window.from)),
    role: window.route,
  }));
  const account = accountOver(records, period, ingestion);
  if (!account.some(({ present }) => present > 0)) {
    throw new MissingDataError(
      `The source has no value of ${regionsOf(ingestion).join(', ')} between ${period.from} and ${period.to}.`,
      'Ask for other dates, regions or routes.',
    );
  }
  const { source, mode, dfAvailability } = ingestion;
  const rows = files.reduce((sum, file) => sum + (file.rows ?? 0), 0);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const { reference } = await onceByKey(
    home,
    {
      kind: 'grid',
      stage: 'ingestion',
      version: GRID_VERSION,
      settings: {
        source,
        period,
        dfAvailability,
        regions: regionsOf(ingestion),
        routes: routesOf(ingestion),
        content: workKey(files.map(({ sha256 }) => sha256)),
        ...(whole && { whole }),
      },
      inputs: [],
    },
    async () => {
      for (const file of files) await verifiedPath(home, file);
      const details: Manifest['details'] = {
        period,
        account,
        archive: origin.archive,
        ...(whole && { whole }),
      };
      return { files, rows, details };
    },
  );
  if (whole) await retireOlder(home);
  const successRate = (windows - failedWindows) / windows;
  const recordsPerSecond = Math.round(totals.records / Math.max(seconds, 0.001));
  log.info(
    { files: files.length, records: totals.records, bytes, seconds, recordsPerSecond, successRate },
    'ingestion complete',
  );
  return {
    dataset: reference,
    period,
    mode,
    files: files.length,
    records: totals.records,
    bytes,
    successRate,
    account: shortened(account),
  };
}

async function fetchedWindows(
  home: Home,
  folder: string,
  ingestion: IngestionInput,
  period: CompleteIngestionInput['period'],
): Promise<Pick<WindowRecord, 'window' | 'account' | 'file'>[]> {
  const records: WindowRecord[] = [];
  for (const window of windowsOf(ingestion, period)) {
    const record = await readWindowRecord(home, folder, window);
    if (record?.file) records.push(record);
  }
  return records;
}

/** Demand first where not all lines have room: it says where each region's record ends. */
export function shortened(account: readonly SeriesAccount[]): SeriesAccount[] {
  if (account.length <= ACCOUNT_LINES) return [...account];
  const isDemand = ({ series }: SeriesAccount) => series === 'D';
  return [...account.filter(isDemand), ...account.filter((line) => !isDemand(line))].slice(0, ACCOUNT_LINES);
}

/** Sums the windows' accounts by region and series; what the period has and no window does is missing. */
function accountOver(
  records: readonly Pick<WindowRecord, 'window' | 'account'>[],
  period: CompleteIngestionInput['period'],
  ingestion: CompleteIngestionInput['ingestion'],
): SeriesAccount[] {
  const hours = (fromHourStamp(period.to) - fromHourStamp(period.from)) / HOUR_SECONDS + 1;
  const lines = new Map<string, SeriesAccount>();
  const lineOf = (region: SeriesAccount['region'], series: string): SeriesAccount => {
    const key = `${region} ${series}`;
    const line = lines.get(key) ?? emptyLine(region, series);
    lines.set(key, line);
    return line;
  };
  for (const route of routesOf(ingestion)) {
    for (const region of regionsOf(ingestion)) {
      const found = records.filter(({ window }) => window.route === route && window.region === region);
      for (const part of found.flatMap(({ account }) => account)) addTo(lineOf(region, part.series), part);
      const hasFuels = found.some(({ account }) => account.length > 0);
      for (const series of EXPECTED[route] ?? []) {
        if (series !== 'FUEL' || !hasFuels) lineOf(region, series);
      }
    }
  }
  return [...lines.values()]
    .map((line) => ({ ...line, missing: hours - line.present }))
    .sort((a, b) => (`${a.region} ${a.series}` < `${b.region} ${b.series}` ? -1 : 1));
}

const emptyLine = (region: SeriesAccount['region'], series: string): SeriesAccount => ({
  region,
  series,
  present: 0,
  missing: 0,
  revised: 0,
  quarantined: 0,
  firstHour: null,
  lastHour: null,
});

function addTo(line: SeriesAccount, part: WindowRecord['account'][number]): void {
  line.present += part.present;
  line.revised += part.revised;
  line.quarantined += part.quarantined;
  // Hour stamps sort as text.
  if (part.firstHour && (line.firstHour === null || part.firstHour < line.firstHour))
    line.firstHour = part.firstHour;
  if (part.lastHour && (line.lastHour === null || part.lastHour > line.lastHour))
    line.lastHour = part.lastHour;
}
