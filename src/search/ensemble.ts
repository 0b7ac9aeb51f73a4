import type { SearchEnsemble } from '../contracts/search.ts';
import { HOUR_SECONDS } from '../contracts/time.ts';
import { fitWeights, mapeOf } from '../forecasters/ensemble/weights.ts';
import type { TrialHours } from './trial-hours.ts';

/** Alternate stretches of so many days are what weights are fitted on and what they are scored on. */
const FOLD_DAYS = 14;
/** The directions that the fit looks along besides those from one member to another. */
const SEED = 1;

export interface EnsembleMember {
  id: string;
  tables: readonly TrialHours[];
}

/**
 * Weighs members by region on the validation hours that all of them have. The weights that are handed out are fitted
 * on all these hours; what they are worth is told by weights fitted on every other fortnight and scored on those
 * between, and the other way round. Undefined where fewer than two members share hours in every region.
 */
export function weighMembers(members: readonly EnsembleMember[]): SearchEnsemble | undefined {
  const [first] = members;
  if (!first || members.length < 2) return undefined;
  const weights: SearchEnsemble['weights'] = {};
  const byRegion: SearchEnsemble['byRegion'] = {};
  const alone: number[][] = [];
  for (const { region } of first.tables) {
    const common = commonHours(members, region);
    if (!common) return undefined;
    const { ratios, fold } = common;
    weights[region] = [...fitWeights(ratios, SEED)];
    byRegion[region] = 100 * crossFitted(ratios, fold);
    alone.push(
      ratios.map(
        (_, m) =>
          100 *
          mapeOf(
            ratios,
            ratios.map((_other, j) => Number(j === m)),
          ),
      ),
    );
  }
  const means = members.map((_, m) => mean(alone.map((of) => of[m]!)));
  return {
    members: members.map(({ id }) => id),
    weights,
    mape: mean(Object.values(byRegion)),
    byRegion,
    bestMember: Math.min(...means),
  };
}

interface Common {
  /** By member: forecast / actual. */
  ratios: Float64Array[];
  /** 0 or 1, by hour. */
  fold: Int32Array;
}

function commonHours(members: readonly EnsembleMember[], region: string): Common | undefined {
  const tables = members.map((member) => member.tables.find((table) => table.region === region));
  if (!tables.every((table) => table !== undefined)) return undefined;
  const rowsOf = tables.map(({ validAt }) => new Map(Array.from(validAt, (time, row) => [time, row])));
  const times = [...tables[0]!.validAt].filter((time) => rowsOf.every((rows) => rows.has(time)));
  if (times.length === 0) return undefined;
  return {
    ratios: tables.map(({ actual, forecast }, m) =>
      Float64Array.from(times, (time) => {
        const row = rowsOf[m]!.get(time)!;
        return forecast[row]! / actual[row]!;
      }),
    ),
    fold: Int32Array.from(times, (time) => Math.floor(time / (24 * HOUR_SECONDS) / FOLD_DAYS) % 2),
  };
}

/** The error of hours whose weights were fitted on the other fold's; where there is one fold alone, on its own. */
function crossFitted(ratios: readonly Float64Array[], fold: Int32Array): number {
  const part = (which: number) => ratios.map((ratio) => ratio.filter((_, i) => fold[i] === which));
  const folds = [part(0), part(1)];
  const counts = folds.map((of) => of[0]!.length);
  const errors = folds.map((of, which) => {
    const other = folds[1 - which]!;
    if (of[0]!.length === 0) return 0;
    return mapeOf(of, fitWeights(other[0]!.length > 0 ? other : of, SEED)) * of[0]!.length;
  });
  return (errors[0]! + errors[1]!) / (counts[0]! + counts[1]!);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
