import {
  FUEL_NAMES,
  RESPONDENT_NAMES,
  ROUTES,
  TYPE_NAMES,
  isEiaRoute,
  type EiaRoute,
  type RouteDescription,
} from './catalogue.ts';
import type { Archive } from './store.ts';
import { PERIODS } from './timeline.ts';

const FREQUENCY = {
  id: 'hourly',
  description: 'One data point for each hour in UTC time.',
  query: 'H',
  format: 'YYYY-MM-DD"T"HH24',
};

/** Describes a path below /v2: the routes, a route, its facets or a facet's values; undefined where there is none. */
export function describePath(archive: Archive, path: readonly string[]): object | undefined {
  const [sector, group, route, facetWord, facet, ...rest] = path;
  if (rest.length > 0) return undefined;
  if (sector === undefined) {
    return {
      id: 'v2',
      name: 'EIA Data sets',
      description: 'This is the archive of Ringwatt.',
      routes: [{ id: 'electricity', name: 'Electricity', description: 'EIA electricity survey data' }],
    };
  }
  if (sector !== 'electricity') return undefined;
  if (group === undefined) {
    return {
      id: 'electricity',
      name: 'Electricity',
      description: 'EIA electricity survey data',
      routes: [describeGroup()],
    };
  }
  if (group !== 'rto') return undefined;
  if (route === undefined) {
    const routes = Object.values(ROUTES).map(({ id, name, description }) => ({ id, name, description }));
    return { ...describeGroup(), routes };
  }
  if (!isEiaRoute(route)) return undefined;
  if (facetWord === undefined) return describeRoute(archive, route);
  if (facetWord !== 'facet') return undefined;
  const { facets }: RouteDescription = ROUTES[route];
  if (facet === undefined) return { totalFacets: facets.length, facets };
  const position = facets.findIndex(({ id }) => id === facet);
  return position < 0 ? undefined : listValues(archive, route, position);
}

const describeGroup = () => ({
  id: 'rto',
  name: 'Electric Power Operations (Daily And Hourly)',
  description: 'Hourly electric power operations by balancing authority.\n    Source: Form EIA-930',
});

function describeRoute(archive: Archive, route: EiaRoute): object {
  const { id, name, description, facets } = ROUTES[route];
  // A route without rows, such as interchange here, still names the hours that the archive is about.
  const lines = archive.lines[route].length > 0 ? archive.lines[route] : archive.lines['region-data'];
  return {
    id,
    name,
    description,
    frequency: [FREQUENCY],
    facets,
    data: { value: { 'aggregation-method': 'SUM', alias: 'Value', units: 'megawatthours' } },
    startPeriod: PERIODS[Math.min(...lines.map(({ from }) => from))] ?? null,
    endPeriod: PERIODS[Math.max(...lines.map(({ to }) => to)) - 1] ?? null,
    defaultDateFormat: FREQUENCY.format,
    defaultFrequency: FREQUENCY.id,
  };
}

/** Only values that have data here. */
function listValues(archive: Archive, route: EiaRoute, position: number): object {
  const names: Record<string, string> =
    position === 0 ? RESPONDENT_NAMES : route === 'region-data' ? TYPE_NAMES : FUEL_NAMES;
  const ids = new Set(archive.lines[route].map(({ region, code }) => (position === 0 ? region : code)));
  const facets = [...ids].toSorted().map((id) => ({ id, name: names[id] }));
  return { totalFacets: facets.length, facets };
}
