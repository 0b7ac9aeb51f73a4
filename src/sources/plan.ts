import type { IngestionInput, IngestionPlan, IngestionWindow, RouteName } from '../contracts/ingestion.ts';
import { HOUR_SECONDS, firstHourOf, fromHourStamp, lastHourOf, toHourStamp } from '../contracts/time.ts';
import { BadInputError, MissingDataError } from '../errors.ts';
import type { StageContext } from '../stages/context.ts';
import { EiaClient } from './eia/client.ts';
import { PAGE_ROWS } from './eia/request.ts';
import { accessTo, type SourceAccess } from './source-access.ts';
import { routesOf, windowsOf } from './windows.ts';

interface Span {
  from: number;
  to: number;
}

/** Series a region usually has in a route: an upper bound for the estimate. */
const USUAL_SERIES: Record<RouteName, number> = {
  'region-data': 4,
  'fuel-type-data': 8,
  'interchange-data': 8,
  SLD_FCST: 2,
  ENE_SLRS: 2,
  SLD_REN_FCST: 2,
};
/** Disk a record takes, raw reply and Parquet row together, with room to spare. */
const BYTES_A_RECORD = 60;
/** What a reply of 5,000 rows takes: seen in EIA's records, and with the archive server on one machine. */
const SECONDS_A_REQUEST = { real: 0.5, archive: 0.05 };

/** OASIS does not say what it has; Ringwatt's record begins here. */
const FIRST_CAISO_HOUR = '2015-07-01T01';

/** Cuts what is asked for into windows, leaving out those that lie wholly outside of what the source has. */
export async function planIngestion(context: StageContext, input: IngestionInput): Promise<IngestionPlan> {
  const access = await accessTo(input.source, context);
  const asked = input.mode === 'test' ? { from: '2024-01', to: '2024-01' } : input;
  const { from, to } = asked;
  if (from !== undefined && to !== undefined && lastHourOf(to) < firstHourOf(from)) {
    throw new BadInputError(`The period ends (${to}) before it starts (${from}).`, 'Swap the two.');
  }
  const has = await spansOf(input, access, context.signal);
  const all = [...has.values()];
  const span = {
    from: from === undefined ? Math.min(...all.map((each) => each.from)) : firstHourOf(from),
    to: to === undefined ? Math.max(...all.map((each) => each.to)) : lastHourOf(to),
  };
  const period = { from: toHourStamp(span.from), to: toHourStamp(span.to) };
  const windows = windowsOf(input, period).filter((window) => overlaps(window, has.get(window.route)!));
  if (windows.length === 0) {
    throw new MissingDataError(
      `The source has nothing between ${period.from} and ${period.to}: it has ${describe(has)}.`,
      'Ask for hours within that.',
    );
  }
  const estimate = estimateOf(windows, has, access, context);
  await context.home.requireFreeSpace(estimate.records * BYTES_A_RECORD, 'Ingestion');
  context.log.info({ period, mode: input.mode, estimate, windows: windows.length }, 'ingestion planned');
  return { windows, estimate, period };
}

async function spansOf(
  input: IngestionInput,
  { host, limiter, origin }: SourceAccess,
  signal: AbortSignal,
): Promise<Map<RouteName, Span>> {
  const client = new EiaClient(host, limiter, signal);
  const caiso = {
    from: fromHourStamp(FIRST_CAISO_HOUR),
    to: Math.floor(origin.now / HOUR_SECONDS) * HOUR_SECONDS,
  };
  const spans = new Map<RouteName, Span>();
  for (const route of routesOf(input)) {
    spans.set(route, input.source === 'eia' ? await client.period(route) : caiso);
  }
  return spans;
}

const overlaps = (window: IngestionWindow, span: Span) =>
  fromHourStamp(window.from) <= span.to && fromHourStamp(window.to) >= span.from;

const describe = (spans: Map<RouteName, Span>) =>
  [...spans].map(([route, { from, to }]) => `${route} ${toHourStamp(from)} to ${toHourStamp(to)}`).join(', ');

function estimateOf(
  windows: readonly IngestionWindow[],
  has: Map<RouteName, Span>,
  { origin }: SourceAccess,
  { config }: StageContext,
): IngestionPlan['estimate'] {
  let records = 0;
  let requests = 0;
  for (const { from, to, route, source } of windows) {
    const { from: first, to: last } = has.get(route)!;
    const [begin, end] = [Math.max(fromHourStamp(from), first), Math.min(fromHourStamp(to), last)];
    const hours = (end - begin) / HOUR_SECONDS + 1;
    const rows = hours * USUAL_SERIES[route];
    records += rows;
    requests += source === 'eia' ? Math.ceil(rows / PAGE_ROWS) : USUAL_SERIES[route];
  }
  const pace = origin.archive ? SECONDS_A_REQUEST.archive : SECONDS_A_REQUEST.real;
  const limited = origin.archive
    ? 0
    : windows[0]?.source === 'eia'
      ? 3600 / config.eiaRequestsPerHour
      : config.caisoSecondsPerRequest;
  return { records, requests, seconds: Math.round(requests * Math.max(pace, limited)) };
}
