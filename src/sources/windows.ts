import {
  ingestionWindow,
  type IngestionInput,
  type IngestionWindow,
  type RouteName,
} from '../contracts/ingestion.ts';
import type { RegionCode } from '../contracts/regions.ts';
import { HOUR_SECONDS, fromHourStamp, toHourStamp } from '../contracts/time.ts';
import { BadInputError } from '../errors.ts';

const ROUTES = {
  eia: {
    all: ['region-data', 'fuel-type-data', 'interchange-data'],
    usual: ['region-data', 'fuel-type-data'],
  },
  caiso: { all: ['SLD_FCST', 'ENE_SLRS', 'SLD_REN_FCST'], usual: ['SLD_FCST', 'ENE_SLRS', 'SLD_REN_FCST'] },
} as const satisfies Record<string, { all: RouteName[]; usual: RouteName[] }>;

export function routesOf({ source, routes }: IngestionInput): RouteName[] {
  const { all, usual } = ROUTES[source];
  const foreign = routes?.find((route) => !(all as readonly RouteName[]).includes(route));
  if (foreign) {
    throw new BadInputError(`${foreign} is not a route of ${source}.`, `It has ${all.join(', ')}.`);
  }
  return routes ?? [...usual];
}

/** CAISO's OASIS knows one region of ours. */
export function regionsOf({ source, regions }: IngestionInput): RegionCode[] {
  if (source === 'eia') return [...new Set(regions)];
  if (regions.includes('CISO')) return ['CISO'];
  throw new BadInputError(`CAISO has nothing of ${regions.join(', ')}.`, 'Ask it for CISO.');
}

/**
 * The windows of a period: a year a region and route for EIA, a month for CAISO, which refuses more than 31 days.
 * A window ends with the last hour of its year and the next begins with the hour after: no hour falls between.
 */
export function windowsOf(input: IngestionInput, period: { from: string; to: string }): IngestionWindow[] {
  const spans = input.source === 'eia' ? spansBy(period, nextYear) : spansBy(period, nextMonth);
  return routesOf(input).flatMap((route) =>
    regionsOf(input).flatMap((region) =>
      spans.map(([from, to]) =>
        ingestionWindow.parse({
          source: input.source,
          route,
          region,
          from: toHourStamp(from),
          to: toHourStamp(to),
          dfAvailability: input.dfAvailability,
        }),
      ),
    ),
  );
}

/** Cuts a period into calendar pieces, stepping from piece to piece: a period may be a century. */
function spansBy(
  period: { from: string; to: string },
  nextPiece: (begin: Date) => number,
): [number, number][] {
  const last = fromHourStamp(period.to);
  const spans: [number, number][] = [];
  for (let first = fromHourStamp(period.from); first <= last;) {
    // Hours are named by their end: the piece's last hour ends where the next piece begins.
    const end = Math.min(last, nextPiece(new Date((first - HOUR_SECONDS) * 1000)) / 1000);
    spans.push([first, end]);
    first = end + HOUR_SECONDS;
  }
  return spans;
}

const nextYear = (begin: Date) => Date.UTC(begin.getUTCFullYear() + 1, 0);
const nextMonth = (begin: Date) => Date.UTC(begin.getUTCFullYear(), begin.getUTCMonth() + 1);
