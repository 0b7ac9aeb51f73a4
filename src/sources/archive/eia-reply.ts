import { ROUTES, type EiaRoute } from './catalogue.ts';
import { MAXIMUM_LENGTH, type EiaQuery } from './eia-parameters.ts';
import type { Fate } from './faults.ts';
import { clip, orderRows, valueAt } from './row-order.ts';
import type { Archive, Line } from './store.ts';
import { PERIODS } from './timeline.ts';

const DATE_FORMAT = 'YYYY-MM-DD"T"HH24';
const VERSIONS = `"apiVersion":"2.1.8","ExcelAddInVersion":"2.1.0"`;

const INCOMPLETE = {
  warning: 'incomplete return',
  description:
    'The API can only return 5000 rows in JSON format.  Please consider constraining your request with facet, start, or end, or using offset to paginate results.',
};
const LENGTH_OUT_OF_RANGE = {
  warning: 'parameter out of range: length',
  description: `The maximum number of rows in JSON format is ${MAXIMUM_LENGTH}.`,
};

/** In bytes; the longest row, of ERCO's forecast, has some 230. */
const LONGEST_ROW = 300;

/** The body of a reply with data: a page of 5,000 rows takes some 3 ms. */
export function renderData(
  archive: Archive,
  route: EiaRoute,
  command: string,
  query: EiaQuery,
  { request, content }: Fate,
): Uint8Array {
  const rows = orderRows(clip(select(archive, route, query), query.first, query.last), query.sort, request);
  const shift = content.has('shifting-total') ? (request % 2 === 0 ? request : -request) % 7 : 0;
  const total = Math.max(0, rows.total + shift);
  const mixed = content.has('mixed-values');
  const data: string[] = [];
  rows.page(query.offset, query.length, (line, hour) => {
    const row = query.withValue
      ? `${line.head},"value":${value(line, hour, data.length, mixed, content.has('null-values'))}${line.tail}`
      : `${line.head}}`;
    data.push(`{"period":"${PERIODS[hour]!}${row}`);
  });
  const warnings = [
    ...(query.offset + data.length < rows.total ? [INCOMPLETE] : []),
    ...(query.lengthTooLarge ? [LENGTH_OUT_OF_RANGE] : []),
  ];
  if (content.has('duplicates')) repeatSome(data);
  if (content.has('unsorted')) shuffle(data, request);
  const before = [
    `{"response":{`,
    warnings.length > 0 ? `"warnings":${JSON.stringify(warnings)},` : '',
    `"total":${mixed && request % 2 === 1 ? total : `"${total}"`},`,
    `"dateFormat":${JSON.stringify(DATE_FORMAT)},"frequency":"hourly","data":[`,
  ].join('');
  const description = JSON.stringify(ROUTES[route].description);
  const after = `],"description":${description}},${renderRequest(command, query.echo)},${VERSIONS}}`;
  return assemble(before, data, after);
}

/** Writes row after row instead of joining them: the large strings in between would double the server's memory. */
function assemble(before: string, rows: readonly string[], after: string): Uint8Array {
  const body = Buffer.allocUnsafe(
    rows.length * LONGEST_ROW + Buffer.byteLength(before) + Buffer.byteLength(after),
  );
  let length = body.write(before);
  for (const [index, row] of rows.entries()) {
    if (index > 0) length += body.write(',', length, 'latin1');
    length += body.write(row, length, 'latin1');
  }
  length += body.write(after, length);
  return body.subarray(0, length);
}

/** The body of a reply that describes routes or facets. */
export function renderDescription(response: object, command: string, echo: object): string {
  return `{"response":${JSON.stringify(response)},${renderRequest(command, echo)},${VERSIONS}}`;
}

/** The real host escapes slashes here. */
function renderRequest(command: string, params: object): string {
  return `"request":${JSON.stringify({ command, params }).replaceAll('/', '\\/')}`;
}

function select(archive: Archive, route: EiaRoute, { facets }: EiaQuery): Line[] {
  const [first, second] = ROUTES[route].facets;
  return archive.lines[route].filter(
    ({ region, code }) =>
      (facets[first.id]?.includes(region) ?? true) && (facets[second.id]?.includes(code) ?? true),
  );
}

function value(line: Line, hour: number, row: number, mixed: boolean, withNulls: boolean): string {
  const megawatts = withNulls && row % 50 === 49 ? null : valueAt(line, hour);
  return megawatts === null || (mixed && row % 2 === 1) ? String(megawatts) : `"${megawatts}"`;
}

function repeatSome(rows: string[]): void {
  for (let row = rows.length - 1; row >= 0; row -= 40) rows.splice(row, 0, rows[row]!);
}

/** Fisher and Yates, with a small generator seeded by the request. */
export function shuffle<T>(items: T[], seed: number): void {
  let state = (seed * 2654435761) >>> 0;
  for (let last = items.length - 1; last > 0; last--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (last + 1));
    [items[last], items[other]] = [items[other]!, items[last]!];
  }
}
