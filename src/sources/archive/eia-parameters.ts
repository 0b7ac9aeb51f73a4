import { HOUR_SECONDS } from '../../contracts/time.ts';
import { ROUTES, type EiaRoute } from './catalogue.ts';
import type { SortKey } from './row-order.ts';
import { HOURS, hourAtOrAfter } from './timeline.ts';

export const MAXIMUM_LENGTH = 5000;

/** What a request for data asks, understood. */
export interface EiaQuery {
  withValue: boolean;
  facets: Record<string, string[]>;
  /** Hour indices, both included. */
  first: number;
  last: number;
  sort: SortKey[];
  offset: number;
  length: number;
  /** Set when more rows were asked for in one page than there may be. */
  lengthTooLarge: boolean;
  /** The parameters as the reply echoes them: numbers as text, the key last. */
  echo: Record<string, unknown>;
}

/** A request the real host answers with 400 and this message. */
export class BadParameter extends Error {}

type Parameters = Record<string, unknown>;

/**
 * Parameters as EIA takes them: nested in the query (`facets[type][]=D`), the same as JSON in the header `X-Params`,
 * or both, where the header wins.
 */
export function readParameters(query: URLSearchParams, header: string | undefined): Parameters {
  const parameters = fromQuery(query);
  if (header === undefined) return parameters;
  let parsed: unknown;
  try {
    parsed = JSON.parse(header);
  } catch {
    throw new BadParameter('The X-Params header is not valid JSON.');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new BadParameter('The X-Params header is not a JSON object.');
  }
  return { ...parameters, ...parsed };
}

export function understand(route: EiaRoute, parameters: Parameters): EiaQuery {
  const facetIds = ROUTES[route].facets.map(({ id }): string => id);
  const frequency = parameters['frequency'] ?? 'hourly';
  if (frequency !== 'hourly') {
    throw new BadParameter(
      `Invalid frequency '${text(frequency)}' provided. The only valid frequencies are 'hourly'.`,
    );
  }
  const columns = list(parameters['data']);
  const wrong = columns.find((column) => column !== 'value');
  if (wrong !== undefined) {
    throw new BadParameter(`Invalid data '${text(wrong)}' provided. The only valid data are 'value'.`);
  }
  const length = count(parameters, 'length', MAXIMUM_LENGTH);
  return {
    withValue: columns.length > 0,
    facets: readFacets(parameters['facets'], facetIds),
    first: absent(parameters['start']) ? 0 : Math.max(0, hourAtOrAfter(readBound(parameters, 'start'))),
    last: absent(parameters['end']) ? HOURS - 1 : hourAtOrAfter(readBound(parameters, 'end') + 1) - 1,
    sort: readSort(parameters['sort'], facetIds),
    offset: count(parameters, 'offset', 0),
    length: Math.min(length, MAXIMUM_LENGTH),
    lengthTooLarge: length > MAXIMUM_LENGTH,
    echo: echo(parameters),
  };
}

/** The parameters as a reply gives them back. The real host gives the key back too, so clients must redact it. */
export function echo(parameters: Parameters): Record<string, unknown> {
  const { api_key: key, ...rest } = parameters;
  const echoed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(rest)) {
    echoed[name] = typeof value === 'number' ? String(value) : value;
  }
  return key === undefined ? echoed : { ...echoed, api_key: key };
}

function readFacets(value: unknown, facetIds: string[]): Record<string, string[]> {
  const facets: Record<string, string[]> = {};
  for (const [facet, wanted] of Object.entries((value ?? {}) as object)) {
    if (!facetIds.includes(facet)) {
      throw new BadParameter(
        `Invalid facet '${facet}' provided. The only valid facets are ${quoted(facetIds)}.`,
      );
    }
    facets[facet] = list(wanted).map(text);
  }
  return facets;
}

function readSort(value: unknown, facetIds: string[]): SortKey[] {
  return list(value).map((entry) => {
    const { column, direction = 'asc' } = (entry ?? {}) as { column?: string; direction?: string };
    const position = facetIds.indexOf(String(column));
    if (column !== 'period' && column !== 'value' && position < 0) {
      throw new BadParameter(
        `Invalid sort column '${text(column)}' provided. The only valid columns are ${quoted(['period', ...facetIds, 'value'])}.`,
      );
    }
    if (direction !== 'asc' && direction !== 'desc') {
      throw new BadParameter(`Invalid sort direction '${direction}' provided. It is 'asc' or 'desc'.`);
    }
    return {
      column: column === 'period' || column === 'value' ? column : position === 0 ? 'region' : 'code',
      descending: direction === 'desc',
    };
  });
}

/** A bound without an hour means 00:00, as an upper bound too: the trap that loses 23 hours at a seam. */
const BOUND = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2})(?::00)?(Z|[+-]\d{2}:?\d{2})?)?)?)?$/;

function readBound(parameters: Parameters, name: 'start' | 'end'): number {
  const value = text(parameters[name]);
  const parts = BOUND.exec(value);
  if (!parts) {
    throw new BadParameter(`Invalid ${name} '${value}' provided. The format is YYYY-MM-DDTHH.`);
  }
  const [, year, month = '01', day = '01', hour = '00', zone = 'Z'] = parts;
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone) ?? [];
  const offset = sign ? Number(`${sign}1`) * (Number(hours) * HOUR_SECONDS + Number(minutes) * 60) : 0;
  const milliseconds = Date.parse(`${year}-${month}-${day}T${hour}:00:00Z`);
  if (Number.isNaN(milliseconds)) {
    throw new BadParameter(`Invalid ${name} '${value}' provided. There is no such hour.`);
  }
  return milliseconds / 1000 - offset;
}

function count(parameters: Parameters, name: 'length' | 'offset', preset: number): number {
  const value = parameters[name];
  if (absent(value)) return preset;
  if (!/^\d{1,9}$/.test(text(value))) {
    throw new BadParameter(`Invalid ${name} '${text(value)}' provided. It is a whole number, 0 or more.`);
  }
  return Number(value);
}

const KEY = /^([^[\]]+)((?:\[[^\]]*\])*)$/;

function fromQuery(query: URLSearchParams): Parameters {
  const parameters: Parameters = {};
  for (const [name, value] of query) {
    const [, root, brackets = ''] = KEY.exec(name) ?? [];
    if (root === undefined) continue;
    const path = [...brackets.matchAll(/\[([^\]]*)\]/g)].map(([, part]) => part!);
    if (path.length === 0 && (root === 'facets' || root === 'sort')) {
      throw new BadParameter(`Invalid ${root} '${value}' provided. It is written ${root}[…][…]=….`);
    }
    if (path.length === 0) parameters[root] = value;
    else if (root === 'facets') push((parameters[root] ??= {}) as Record<string, unknown>, path[0]!, value);
    else if (root === 'sort') sortEntry(parameters, Number(path[0]))[path[1] ?? 'column'] = value;
    else push(parameters, root, value);
  }
  return parameters;
}

function push(target: Record<string, unknown>, name: string, value: string): void {
  if (!Array.isArray(target[name])) target[name] = [];
  (target[name] as string[]).push(value);
}

function sortEntry(parameters: Parameters, index: number): Record<string, string> {
  const entries = (parameters['sort'] ??= []) as Record<string, string>[];
  const position = Number.isInteger(index) && index >= 0 && index <= entries.length ? index : entries.length;
  return (entries[position] ??= {});
}

const absent = (value: unknown) => value === undefined || value === null;
const list = (value: unknown): unknown[] => (absent(value) ? [] : Array.isArray(value) ? value : [value]);
const text = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing'));
const quoted = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ');
