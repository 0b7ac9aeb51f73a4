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

/** Of each configuration what it has come to: its furthest score, or its first run where there is none. */
export function lastRuns(runs: readonly TrialRun[]): TrialRun[] {
  return [...byTrial(runs).values()].map((own) => own.findLast(isScored) ?? own[0]!);
}

/** Best first, then those without a score. */
export function leaderboardOf(runs: readonly TrialRun[]): LeaderboardLine[] {
  const ends = lastRuns(runs);
  const ofTrial = byTrial(runs);
  return [...rankedRuns(ends), ...ends.filter((run) => !isScored(run))].map((run, index) => {
    const { id, forecaster, settings } = run.trial;
    const own = ofTrial.get(id)!;
    return {
      place: index + 1,
      id,
      forecaster,
      settings,
      rung: run.rung,
      share: run.share,
      mape: run.score?.mape ?? null,
      byRegion: run.score?.byRegion ?? {},
      seconds: own.reduce((sum, { seconds }) => sum + seconds, 0),
      note: noteOf(own.at(-1)!),
    };
  });
}

const noteOf = ({ state, reason }: TrialRun) =>
  state === 'scored' ? '' : state === 'failed' ? `failed: ${reason}` : state;

/** Ascending in their rung. */
const byTrial = (runs: readonly TrialRun[]) =>
  Map.groupBy(
    runs.toSorted((a, b) => a.rung - b.rung),
    ({ trial }) => trial.id,
  );

export interface Due {
  /** Trials of the rung that have not been tried at it yet, in the order in which they were drawn. */
  trials: SearchTrial[];
  rung: number;
  /** How many were good enough for a further rung so far, and could not have won. */
  dropped: number;
}

/** What of a family is to be tried next: a function of what has been tried. Nothing is due while a rung is not done. */
export function dueTrials(bracket: SearchBracket, all: readonly TrialRun[]): Due {
  const runs = all.filter(({ trial }) => trial.forecaster === bracket.forecaster);
  let due: Due = { trials: bracket.trials, rung: 0, dropped: 0 };
  for (;;) {
    const { rung, dropped } = due;
    const tried = runs.filter((run) => run.rung === rung).map(({ trial }) => trial.id);
    const open = due.trials.filter(({ id }) => !tried.includes(id));
    const next = open.length > 0 ? undefined : promotionFrom(bracket, rung, runs);
    if (!next) return { ...due, trials: open };
    due = { ...next, dropped: dropped + next.dropped };
  }
}

/**
 * Who goes on from a rung: its best, as many as the next rung has, without those that could not overtake their leader
 * even if each rung to come gained them as much as any trial of the family has gained by one so far. A leader that is
 * left alone takes the last rung at once; undefined at the end, and where nobody has come to a score.
 */
function promotionFrom({ rungs }: SearchBracket, rung: number, runs: readonly TrialRun[]): Due | undefined {
  const next = rungs[rung + 1];
  const best = rankedRuns(runs.filter((run) => run.rung === rung)).slice(0, next?.trials ?? 0);
  const [leader] = best;
  if (!leader) return undefined;
  const toCome = rungs.length - 1 - rung;
  // Later rungs are no reason for what was decided before them.
  const gain = largestGain(runs.filter((run) => run.rung <= rung));
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
  const gains = [...byTrial(runs).values()].flatMap((own) => {
    const scored = own.filter(isScored);
    return scored.slice(1).map((run, i) => 1 - mapeOf(run) / mapeOf(scored[i]!));
  });
  return gains.length > 0 ? Math.max(0, ...gains) : null;
}
