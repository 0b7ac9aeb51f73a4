import type { ExplainedGroup, ForecasterImportance, Importance } from '../contracts/explain.ts';
import { toHourStamp } from '../contracts/time.ts';
import type { IssueTable } from '../day-ahead/issue-table.ts';
import { MissingDataError } from '../errors.ts';
import { groupsOf, withDonors, type GroupOfColumns } from './groups.ts';
import { allMedians, type Explained } from './medians.ts';
import { exchange, STRETCH_ISSUES } from './stretches.ts';

export interface ImportanceOptions {
  repeats: number;
  seed: number;
  groups?: readonly ExplainedGroup[] | undefined;
  /** Input channels of the network, where there is one. */
  channels?: number | undefined;
  signal: AbortSignal;
  progress?(done: number): void;
}

/**
 * Permutation importance (Breiman 2001; Fisher, Rudin & Dominici 2019) of groups of columns: the values that whole
 * issues have are exchanged within stretches of about two months, each forecaster predicts again, and what MAPE rises
 * by is what the group was worth to it. `base`, which forecasts are ratios to, stays: where it is the operator's
 * forecast, `operator` is what the columns beside it say, not what the forecast itself is worth.
 */
export async function importanceOf(
  table: IssueTable,
  explained: Explained,
  options: ImportanceOptions,
): Promise<Importance> {
  const { repeats, seed, signal, progress } = options;
  const { region } = table;
  const own = explained.members.filter((member) => member.weightIn(region) > 0);
  const groups = groupsOf(table, options.channels, options.groups);
  const before = await allMedians(explained, table, signal);
  const scored = Array.from(table.actual, (_, cell) => cell).filter(
    (cell) => table.actual[cell]! > 0 && before[0]![cell]! > 0,
  );
  if (scored.length === 0) {
    throw new MissingDataError(
      `${region} has no hour with an outcome to explain.`,
      'Explain another period, or other regions.',
    );
  }
  /** By group, repeat and forecaster. */
  const increases: number[][][] = [];
  for (const [g, group] of groups.entries()) {
    const ofGroup: number[][] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      progress?.((g + repeat / repeats) / groups.length);
      const donors = exchange(table.issuedAt.length, seed, region, group.group, repeat);
      const after = await allMedians(explained, withDonors(table, group, donors), signal);
      ofGroup.push(after.map((medians, f) => increase(table, scored, before[f]!, medians)));
    }
    increases.push(ofGroup);
  }
  const names = [explained.name, ...own.map(({ fitted }) => fitted.name)];
  const forecasters = names.map((forecaster, f): ForecasterImportance => {
    const hours = scored.filter((cell) => before[f]![cell]! > 0);
    const told = groups.map((group, g) =>
      summary(
        group,
        increases[g]!.map((values) => values[f]!),
      ),
    );
    const weight = f === 0 ? undefined : own[f - 1]!.weightIn(region);
    return {
      forecaster,
      ...(weight === undefined ? {} : { weight }),
      hours: hours.length,
      mape: mape(table, hours, before[f]!),
      groups: told.toSorted((a, b) => b.increase - a.increase),
    };
  });
  return {
    issues: table.issuedAt.length,
    from: toHourStamp(table.validAt[0]!),
    to: toHourStamp(table.validAt.at(-1)!),
    seed,
    stretch: STRETCH_ISSUES,
    base: {
      mape: mape(table, scored, table.base),
      operatorShare: scored.filter((cell) => isOperators(table, cell)).length / scored.length,
    },
    // A forecaster of one is its own ensemble.
    forecasters: own.length === 1 ? forecasters.slice(0, 1) : forecasters,
  };
}

/** Percentage points, on the hours that are forecast before and after. */
function increase(table: IssueTable, scored: number[], before: Float64Array, after: Float64Array): number {
  const both = scored.filter((cell) => before[cell]! > 0 && after[cell]! > 0);
  return mape(table, both, after) - mape(table, both, before);
}

function mape({ actual }: IssueTable, cells: readonly number[], forecast: Float64Array): number {
  let sum = 0;
  for (const cell of cells) sum += Math.abs(forecast[cell]! / actual[cell]! - 1);
  return cells.length > 0 ? (100 * sum) / cells.length : 0;
}

/** Logarithms went there and back. */
const isOperators = ({ base, operator }: IssueTable, cell: number) =>
  Math.abs(base[cell]! / operator[cell]! - 1) < 1e-9;

function summary({ group, columns }: GroupOfColumns, repeats: number[]) {
  const mean = repeats.reduce((a, b) => a + b, 0) / repeats.length;
  const squares = repeats.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { group, columns, increase: mean, spread: Math.sqrt(squares / (repeats.length - 1)), repeats };
}
