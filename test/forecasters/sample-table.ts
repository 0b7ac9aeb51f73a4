import type { IssueTable } from '../../src/day-ahead/issue-table.ts';
import { randomOf } from '../../src/model/random.ts';

const HOUR = 3600;
export const HORIZON = 24;
export const FIRST = Date.UTC(2017, 0, 1, 10) / 1000;

export interface SampleOptions {
  region?: string;
  issues?: number;
  seed?: number;
  /** Standard deviation of ln(actual) around what the columns tell. */
  noise?: number;
  horizon?: number;
}

/**
 * Issues, one a day at 10:00 UTC, whose ln(actual/base) is 0.05·x1 − 0.03·x2 and normal noise; x2 has gaps, and `idle`
 * tells nothing.
 */
export function sampleTable(options: SampleOptions = {}): IssueTable {
  const { region = 'PACW', issues = 200, seed = 1, noise = 0.02, horizon = HORIZON } = options;
  const random = randomOf(`sample table ${region}`, seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const names = ['hour', 'weekday', 'x1', 'x2', 'idle'];
  const cells = issues * horizon;
  const byCell = () => new Float64Array(cells);
  const table: IssueTable = {
    region,
    issuedAt: Float64Array.from({ length: issues }, (_, i) => FIRST + i * 24 * HOUR),
    standingAt: Float64Array.from({ length: issues }, (_, i) => FIRST + i * 24 * HOUR - HOUR),
    horizon,
    columns: names.map((name) => ({ name, group: 'calendar' })),
    features: new Float32Array(cells * names.length),
    validAt: byCell(),
    base: byCell(),
    actual: byCell(),
    operator: byCell(),
    latestKnown: byCell(),
    persistence48: byCell(),
    persistence168: byCell(),
  };
  for (let cell = 0; cell < cells; cell++) {
    const issue = Math.floor(cell / horizon);
    const hour = cell % horizon;
    const [x1, x2] = [normal(), normal()];
    const gap = random() < 0.1;
    const base = 2000 + 300 * Math.sin((2 * Math.PI * hour) / 24);
    const ratio = 0.05 * x1 - (gap ? 0 : 0.03 * x2) + noise * normal();
    table.validAt[cell] = table.issuedAt[issue]! + (15 + hour) * HOUR;
    table.base[cell] = base;
    table.actual[cell] = base * Math.exp(ratio);
    table.operator[cell] = base * 1.05;
    table.latestKnown[cell] = base * Math.exp(0.1 * normal());
    table.persistence48[cell] = table.latestKnown[cell]!;
    table.persistence168[cell] = table.latestKnown[cell]!;
    table.features.set([hour, issue % 7, x1, gap ? Number.NaN : x2, normal()], cell * names.length);
  }
  return table;
}

export const context = { seed: 1, signal: new AbortController().signal };

/** A copy whose arrays are its own. */
export const copyOf = (table: IssueTable): IssueTable => structuredClone(table);

export function mapeOf(table: IssueTable, values: Float64Array, levels = 1, at = 0): number {
  const errors = Array.from(table.actual, (mw, cell) => Math.abs(values[cell * levels + at]! / mw - 1));
  const known = errors.filter(Number.isFinite);
  return (100 * known.reduce((sum, error) => sum + error, 0)) / known.length;
}
