import { MEDIAN, QUANTILES, type IssueTable } from '../../day-ahead/issue-table.ts';
import { isKnown, PUBLICATION_DELAY } from '../cells.ts';
import { weightedQuantiles } from '../quantiles.ts';

/** Target hours that share their errors' spread: enough residuals a group to see its tails, few enough to tell day from night. */
const GROUPS = 6;
/** Residuals so many days older count half: spreads change with the season. */
const HALF_LIFE_DAYS = 60;
/** Past issues that are kept; older ones would count for less than this. */
const KEPT_ISSUES = 300;
const LEAST_WEIGHT = 0.03;
const HOUR = 3600;
const DAY = 24 * HOUR;
/** What a residual counts that is so many hours older than the newest, up to where it no longer counts. */
const WEIGHT_BY_AGE = new Float64Array(Math.ceil(-24 * HALF_LIFE_DAYS * Math.log2(LEAST_WEIGHT)) + 1);
WEIGHT_BY_AGE.forEach((_, hours) => (WEIGHT_BY_AGE[hours] = 0.5 ** ((hours * HOUR) / DAY / HALF_LIFE_DAYS)));

/**
 * Residuals of forecasts made before their outcome was known, in units of the spread that each forecast claimed:
 * z = ln(actual/median)/spread. Cells in order of time.
 */
export interface Residuals {
  /** Hour ends, seconds. */
  validAt: Float64Array;
  group: Int32Array;
  z: Float64Array;
}

export const NO_RESIDUALS: Residuals = {
  validAt: new Float64Array(0),
  group: new Int32Array(0),
  z: new Float64Array(0),
};

/** Which of the groups of target hours a cell is in. */
export const groupOf = (cell: number, horizon: number) =>
  Math.floor(((cell % horizon) * Math.min(GROUPS, horizon)) / horizon);

/** The claimed spread of a cell's log quantile offsets: a standard deviation, if they were normal. */
export function spreadOf(offsets: ArrayLike<number>, from: number): number {
  const [low, high] = [QUANTILES.indexOf(0.1), QUANTILES.indexOf(0.9)];
  return Math.max((offsets[from + high]! - offsets[from + low]!) / 2.563, 1e-4);
}

/** Residuals of a table's cells that are known by a moment. `medians` in MW, `offsets` N × H × levels. */
export function residualsOf(
  table: IssueTable,
  medians: Float64Array,
  offsets: Float64Array,
  knownBy: number,
): Residuals {
  const cells = Array.from(medians, (_, cell) => cell).filter(
    (cell) => medians[cell]! > 0 && isKnown(table, cell, knownBy),
  );
  return {
    validAt: Float64Array.from(cells, (cell) => table.validAt[cell]!),
    group: Int32Array.from(cells, (cell) => groupOf(cell, table.horizon)),
    z: Float64Array.from(
      cells,
      (cell) => Math.log(table.actual[cell]! / medians[cell]!) / spreadOf(offsets, cell * QUANTILES.length),
    ),
  };
}

/** The newer residuals after those of before their beginning. */
export function followedBy(older: Residuals, newer: Residuals): Residuals {
  const begins = newer.validAt[0] ?? Infinity;
  const first = older.validAt.findIndex((validAt) => validAt >= begins);
  const until = first < 0 ? older.validAt.length : first;
  return {
    validAt: Float64Array.from([...older.validAt.subarray(0, until), ...newer.validAt]),
    group: Int32Array.from([...older.group.subarray(0, until), ...newer.group]),
    z: Float64Array.from([...older.z.subarray(0, until), ...newer.z]),
  };
}

/** What of residuals is worth keeping. */
export function newestOf({ validAt, group, z }: Residuals, horizon: number): Residuals {
  const from = Math.max(0, z.length - KEPT_ISSUES * horizon);
  return { validAt: validAt.slice(from), group: group.slice(from), z: z.slice(from) };
}

/**
 * Rolling conformal prediction (after Vovk, Gammerman and Shafer 2005; weighted as in Barber et al. 2023): a level's
 * offset is the weighted quantile of the recent residuals of its group of hours, times the cell's claimed spread.
 * Only residuals whose hours were published when the issue was made count. Writes N × H × levels in MW, from the
 * `from`-th issue on; the median stays.
 */
export function calibrated(
  table: IssueTable,
  medians: Float64Array,
  offsets: Float64Array,
  stored: Residuals,
  from = 0,
): Float64Array {
  const { horizon, issuedAt } = table;
  const levels = QUANTILES.length;
  const residuals = followedBy(stored, residualsOf(table, medians, offsets, Infinity));
  const result = new Float64Array(medians.length * levels);
  const groups = Array.from({ length: Math.min(GROUPS, horizon) }, (_, group) => new Group(residuals, group));
  for (let i = from; i < issuedAt.length; i++) {
    const factors = groups.map((group) => group.factorsAt(issuedAt[i]!));
    for (let h = 0; h < horizon; h++) {
      const cell = i * horizon + h;
      const spread = spreadOf(offsets, cell * levels);
      const factor = factors[groupOf(cell, horizon)]!;
      for (let q = 0; q < levels; q++) {
        const offset = factor ? factor[q]! * spread : offsets[cell * levels + q]!;
        result[cell * levels + q] = medians[cell]! * Math.exp(offset);
      }
    }
  }
  return result;
}

/** Fewer say too little of a tail of a twentieth: until then the members' own quantiles stand. */
const FEWEST = 100;

/** The residuals of one group of hours, and what they say of each level at a moment. */
class Group {
  private readonly validAt: Float64Array;
  private readonly z: Float64Array;
  /** By size, of all; those known at a moment are picked in this order. */
  private readonly bySize: Uint32Array;
  // Used again for every moment.
  private readonly weights: Float64Array;
  private readonly known: Uint32Array;

  constructor({ validAt, group, z }: Residuals, which: number) {
    const rows = Array.from(group, (_, i) => i).filter((i) => group[i] === which);
    this.validAt = Float64Array.from(rows, (i) => validAt[i]!);
    this.z = Float64Array.from(rows, (i) => z[i]!);
    this.bySize = Uint32Array.from(rows, (_, i) => i).sort((a, b) => this.z[a]! - this.z[b]!);
    this.weights = new Float64Array(rows.length);
    this.known = new Uint32Array(rows.length);
  }

  /** Multiples of the claimed spread by level; undefined where too few residuals are known. */
  factorsAt(moment: number): Float64Array | undefined {
    const published = moment - PUBLICATION_DELAY;
    const { validAt, bySize, weights, known } = this;
    const newest = validAt.findLast((each) => each <= published) ?? published;
    for (let i = 0; i < validAt.length; i++) {
      weights[i] = validAt[i]! <= published ? (WEIGHT_BY_AGE[(newest - validAt[i]!) / HOUR] ?? 0) : 0;
    }
    let count = 0;
    for (let place = 0; place < bySize.length; place++) {
      const i = bySize[place]!;
      if (weights[i]! > LEAST_WEIGHT) known[count++] = i;
    }
    if (count < FEWEST) return undefined;
    const factors = weightedQuantiles(this.z, weights, known.subarray(0, count), QUANTILES);
    return factors.map((factor, q) =>
      q < MEDIAN ? Math.min(0, factor) : q > MEDIAN ? Math.max(0, factor) : 0,
    );
  }
}
