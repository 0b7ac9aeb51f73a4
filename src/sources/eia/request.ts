import type { IngestionWindow, RouteName } from '../../contracts/ingestion.ts';

/** The most rows EIA gives in one reply. */
export const PAGE_ROWS = 5000;

/** How each route names the region asked about, and the column that tells its series apart. */
const COLUMNS: Partial<Record<RouteName, { region: string; series: string }>> = {
  'region-data': { region: 'respondent', series: 'type' },
  'fuel-type-data': { region: 'respondent', series: 'fueltype' },
  'interchange-data': { region: 'fromba', series: 'toba' },
};

export function columnsOf(route: RouteName): { region: string; series: string } {
  const columns = COLUMNS[route];
  if (columns === undefined) throw new TypeError(`${route} is not a route of EIA`);
  return columns;
}

export interface EiaHost {
  baseUrl: string;
  key: string;
}

/**
 * Bounds are hours, never dates: a date-only end means its first hour, and chunks cut by dates lose 23 hours at
 * each seam. Sorted by series within an hour too, or rows of one hour could change places between two pages.
 */
export function pageUrl(host: EiaHost, window: IngestionWindow, offset: number): URL {
  const columns = columnsOf(window.route);
  const url = routeUrl(host, `${window.route}/data`);
  const parameters: [string, string][] = [
    ['frequency', 'hourly'],
    ['data[0]', 'value'],
    [`facets[${columns.region}][]`, window.region],
    ['start', window.from],
    ['end', window.to],
    ['sort[0][column]', 'period'],
    ['sort[0][direction]', 'asc'],
    ['sort[1][column]', columns.series],
    ['sort[1][direction]', 'asc'],
    ['offset', String(offset)],
    ['length', String(PAGE_ROWS)],
  ];
  for (const [name, value] of parameters) url.searchParams.set(name, value);
  return url;
}

/** The route's description: which hours it has, among others. */
export function routeUrl({ baseUrl, key }: EiaHost, route: string): URL {
  const url = new URL(`v2/electricity/rto/${route}/`, baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);
  url.searchParams.set('api_key', key);
  return url;
}
