import type { LeaderboardLine, SearchBracket, SearchTrial, TrialRun } from './search.ts';

type Scored = TrialRun & { score: NonNullable<TrialRun['score']> };

const isScored = (run: TrialRun): run is Scored => run.score !== null;
const mapeOf = ({ score }: Scored) => score.mape;

/** Best first; of equals the one that was drawn first. */
export function rankedRuns(runs: readonly TrialRun[]): Scored[] {
  return runs
    .filter(isScored)
    .toSorted((a, b) => mapeOf(a) - mapeOf(b) || (a.trial.id < b.trial.id ? -1 : 1));
}

/** A configuration stands where it was scored last: with the most training it has had. */
export function leaderboardOf(runs: readonly TrialRun[]): LeaderboardLine[] {
  const ofTrial = Map.groupBy(runs, ({ trial }) => trial.id);
  const last = [...ofTrial.values()].map((all) => {
    const ascending = all.toSorted((a, b) => a.rung - b.rung);
    return {
      run: ascending.findLast(isScored) ?? ascending[0]!,
      end: ascending.at(-1)!,
      seconds: all.reduce((sum, { seconds }) => sum + seconds, 0),
    };
  });
  const scored = rankedRuns(last.map(({ run }) => run));
  const unscored = last.map(({ run }) => run).filter((run) => !isScored(run));
  return [...scored, ...unscored].map((run, index) => {
    const { end, seconds } = last.find((each) => each.run === run)!;
    const { id, forecaster, settings } = run.trial;
    return {
      place: index + 1,
      id,
      forecaster,
      settings,
      rung: run.rung,
      share: run.share,
      mape: run.score?.mape ?? null,
      byRegion: run.score?.byRegion ?? {},
      seconds,
      note: end.state === 'scored' ? '' : end.state === 'failed' ? `failed: ${end.reason}` : end.state,
    };
  });
}

export interface Promotion {
  trials: SearchTrial[];
  /** The rung that they are tried at next. */
  rung: number;
  /** Trials that were good enough to go on, and could not have won. */
  dropped: number;
}

/**
 * Who of a family goes on from a rung: its best, as many as the next rung has, without those that could not overtake
 * its leader even if each rung to come gained them as much as any trial of the family has gained by one so far. A
 * leader that is left alone takes the last rung at once; undefined at the end, and where nobody has come to a score.
 */
export function promotionFrom(
  { rungs }: SearchBracket,
  rung: number,
  runs: readonly TrialRun[],
): Promotion | undefined {
  const next = rungs[rung + 1];
  const best = rankedRuns(runs.filter((run) => run.rung === rung)).slice(0, next?.trials ?? 0);
  const [leader] = best;
  if (!leader) return undefined;
  const toCome = rungs.length - 1 - rung;
  const gain = largestGain(runs);
  const mayWin = best.filter(
    (run) => run === leader || gain === null || mapeOf(run) * (1 - gain) ** toCome < mapeOf(leader),
  );
  return {
    trials: mayWin.map(({ trial }) => trial),
    rung: mayWin.length === 1 ? rungs.length - 1 : rung + 1,
    dropped: best.length - mayWin.length,
  };
}

/** The largest part of its error that a trial has lost from one rung to the next; null while none has had two. */
function largestGain(runs: readonly TrialRun[]): number | null {
  const gains = [...Map.groupBy(runs.filter(isScored), ({ trial }) => trial.id).values()].flatMap((all) => {
    const ascending = all.toSorted((a, b) => a.rung - b.rung);
    return ascending.slice(1).map((run, i) => 1 - mapeOf(run) / mapeOf(ascending[i]!));
  });
  return gains.length > 0 ? Math.max(0, ...gains) : null;
}
