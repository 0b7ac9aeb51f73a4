import type { DateRange } from '../contracts/time.ts';
import { HOUR_SECONDS } from '../contracts/time.ts';
import { issuesOf, type IssueTable } from '../day-ahead/issue-table.ts';
import { standardised, type IssueScaling } from '../sequences/issue-scaling.ts';
import { issuesWithin } from '../sequences/issue-tables.ts';

/** The issues of a sequence whose newest known hour is one of a rank's tokens. */
export interface IssueShare {
  /** M; where their newest known hours lie among the rank's tokens. */
  tokens: Int32Array;
  /** M × H × F and M × D, standardised. */
  features: Float32Array;
  day: Float32Array;
  /** M × H: ln(actual / base), NaN where there is none. */
  targets: Float32Array;
  /** M × H: 1 in an hour of great demand, else 0. */
  peaks: Float32Array;
}

const PEAK_QUANTILE = 0.9;

/** A region's issues as training takes them: only those all of whose target hours lie in training hours. */
export class TrainingIssues {
  /** Of these issues, by row of the region's record: −1 where no issue's newest known hour is. */
  readonly #issueAt: Int32Array;
  readonly features: Float32Array;
  readonly day: Float32Array;
  readonly targets: Float32Array;
  readonly peaks: Float32Array;
  /** How many there are. */
  readonly count: number;

  constructor(
    whole: IssueTable,
    scaling: IssueScaling,
    { train, first, rows }: { train: DateRange; first: number; rows: number },
  ) {
    const table = issuesOf(whole, issuesWithin(whole, train));
    this.count = table.issuedAt.length;
    const { features, day } = standardised(table, scaling, table.region);
    this.features = features;
    this.day = day;
    this.targets = Float32Array.from(table.actual, (mw, cell) => Math.log(mw / table.base[cell]!));
    const threshold = quantileOf(table.actual, PEAK_QUANTILE);
    this.peaks = Float32Array.from(table.actual, (mw) => (mw > threshold ? 1 : 0));
    this.#issueAt = new Int32Array(rows).fill(-1);
    table.standingAt.forEach((standing, issue) => {
      const row = (standing - first) / HOUR_SECONDS;
      if (row >= 0 && row < rows) this.#issueAt[row] = issue;
    });
  }

  /** Those of a window that begins at row `start`, at these positions of it. */
  share(start: number, positions: Int32Array): IssueShare {
    const found: { token: number; issue: number }[] = [];
    positions.forEach((position, token) => {
      const issue = position < 0 ? -1 : (this.#issueAt[start + position] ?? -1);
      if (issue >= 0) found.push({ token, issue });
    });
    const pick = (values: Float32Array) => {
      const size = values.length / Math.max(1, this.count);
      const picked = new Float32Array(found.length * size);
      found.forEach(({ issue }, m) =>
        picked.set(values.subarray(issue * size, (issue + 1) * size), m * size),
      );
      return picked;
    };
    return {
      tokens: Int32Array.from(found, ({ token }) => token),
      features: pick(this.features),
      day: pick(this.day),
      targets: pick(this.targets),
      peaks: pick(this.peaks),
    };
  }
}

function quantileOf(values: Float64Array, level: number): number {
  const there = values.filter(Number.isFinite).sort();
  return there[Math.floor(level * there.length)] ?? Number.POSITIVE_INFINITY;
}
