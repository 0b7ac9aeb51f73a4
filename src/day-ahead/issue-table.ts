/** Of the forecasts' quantiles; 0.5 is what point scores take. The 80 % interval lies between 0.1 and 0.9. */
export const QUANTILES = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95] as const;
export const MEDIAN = QUANTILES.indexOf(0.5);

/** What explanations, and people, put columns together by. */
export const COLUMN_GROUPS = ['calendar', 'lags', 'recent', 'yearly', 'operator', 'weather'] as const;
export type ColumnGroup = (typeof COLUMN_GROUPS)[number];

export interface IssueColumn {
  name: string;
  group: ColumnGroup;
  /** One hour of a day's profile, the same for all target hours of an issue: for models that are linear in whole days. */
  profile?: true | undefined;
  /** A log-ratio to the cell's base: from another base it is another number. */
  toBase?: true | undefined;
}

/**
 * One region's forecasts to be made: N issues, each of H target hours, and what of each target hour is known when the
 * forecast is issued. Cell (i, h) of a matrix N × H lies at i·H + h. Nothing in `features`, `base` or the baselines was
 * published after `issuedAt`; `actual` alone looks ahead.
 */
export interface IssueTable {
  region: string;
  /** N; seconds since 1970 UTC, ascending. */
  issuedAt: Float64Array;
  /** N; of the region's hours the newest whose demand is known at the issue, as an hour end in seconds. */
  standingAt: Float64Array;
  /** H: target hours an issue. */
  horizon: number;
  /** F */
  columns: IssueColumn[];
  /** N × H × F, NaN where there is no value. */
  features: Float32Array;
  /** N × H; the target hour's end, seconds. */
  validAt: Float64Array;
  /** N × H, MW: what the forecast is a ratio to; NaN where the cell cannot be forecast. */
  base: Float64Array;
  /** N × H, MW, as finally settled; NaN where not believable or not yet known. */
  actual: Float64Array;
  /** N × H, MW: the operator's own forecast as scored; NaN where there is none. */
  operator: Float64Array;
  /** N × H, MW: honest persistences, known at the issue. */
  latestKnown: Float64Array;
  persistence48: Float64Array;
  persistence168: Float64Array;
}

/** Issues of a table, `to` excluded. */
export interface IssueRange {
  from: number;
  to: number;
}

/** Some issues of a table, as views on the same memory. */
export function issuesOf(table: IssueTable, { from, to }: IssueRange): IssueTable {
  const { horizon, columns } = table;
  const byIssue = (values: Float64Array) => values.subarray(from, to);
  const byCell = (values: Float64Array) => values.subarray(from * horizon, to * horizon);
  return {
    ...table,
    issuedAt: byIssue(table.issuedAt),
    standingAt: byIssue(table.standingAt),
    features: table.features.subarray(from * horizon * columns.length, to * horizon * columns.length),
    validAt: byCell(table.validAt),
    base: byCell(table.base),
    actual: byCell(table.actual),
    operator: byCell(table.operator),
    latestKnown: byCell(table.latestKnown),
    persistence48: byCell(table.persistence48),
    persistence168: byCell(table.persistence168),
  };
}

/** The issues of one table and, after them, those of another of the same region and columns. */
export function joinIssues(one: IssueTable, other: IssueTable): IssueTable {
  const joined = <Values extends Float64Array | Float32Array>(a: Values, b: Values): Values => {
    const values = new (a.constructor as new (length: number) => Values)(a.length + b.length);
    values.set(a);
    values.set(b, a.length);
    return values;
  };
  return {
    ...other,
    issuedAt: joined(one.issuedAt, other.issuedAt),
    standingAt: joined(one.standingAt, other.standingAt),
    features: joined(one.features, other.features),
    validAt: joined(one.validAt, other.validAt),
    base: joined(one.base, other.base),
    actual: joined(one.actual, other.actual),
    operator: joined(one.operator, other.operator),
    latestKnown: joined(one.latestKnown, other.latestKnown),
    persistence48: joined(one.persistence48, other.persistence48),
    persistence168: joined(one.persistence168, other.persistence168),
  };
}

/** The first issue at or after a moment, in seconds; the number of issues where there is none. */
export function firstIssueFrom({ issuedAt }: IssueTable, moment: number): number {
  const at = issuedAt.findIndex((issued) => issued >= moment);
  return at < 0 ? issuedAt.length : at;
}
