import {
  ingestionWindow,
  type IngestionInput,
  type IngestionWindow,
  type RouteName,
} from '../contracts/ingestion.ts';
import type { RegionCode } from '../contracts/regions.ts';
import { HOUR_SECONDS, fromHourStamp, toHourStamp } from '../contracts/time.ts';
import { BadInputError } from '../errors.ts';
import { yearOf } from '../lake/grid-rows.ts';

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
  const spans = input.source === 'eia' ? spansBy(period, yearOf) : spansBy(period, monthOf);
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

/** Cuts a period where `unitOf` an hour's end changes. */
function spansBy(period: { from: string; to: string }, unitOf: (hour: number) => number): [number, number][] {
  const [first, last] = [fromHourStamp(period.from), fromHourStamp(period.to)];
  const spans: [number, number][] = [];
  for (let hour = first; hour <= last; hour += HOUR_SECONDS) {
    const span = spans.at(-1);
    if (span && unitOf(span[0]) === unitOf(hour)) span[1] = hour;
    else spans.push([hour, hour]);
  }
  return spans;
}

/** The month in which an hour begins, counted from year 0. */
function monthOf(validAt: number): number {
  const begin = new Date((validAt - HOUR_SECONDS) * 1000);
  return begin.getUTCFullYear() * 12 + begin.getUTCMonth();
}
