import { setCurrentDetails } from '@temporalio/workflow';
import { leaderboardOf } from '../src/contracts/search-ranking.ts';
import type {
  CrossRegionLine,
  LeaderboardLine,
  SearchEnding,
  SearchInput,
  SearchPlan,
  SearchResult,
  SearchStatus,
  TrialRun,
} from '../src/contracts/search.ts';
import { factsLine, table } from './markdown.ts';
import type { Attempt, Attempted } from './search-trials.ts';

const LINES_SHOWN = 30;
const REASON_KEPT = 300;
const NOTHING = { runs: [], crossRegion: [] };

/** `t03 rung 1`, `t03 without CISO`. */
const nameOf = ({ trial, rung, heldOut }: Attempt) =>
  heldOut === undefined ? `${trial.id} rung ${rung + 1}` : `${trial.id} without ${heldOut}`;

/** Where a search stands: kept for the query and for the details that the UI shows. */
export class SearchBoard {
  readonly runs: TrialRun[];
  readonly crossRegion: CrossRegionLine[];
  private readonly input: SearchInput;
  private readonly secondsUsed: () => number;
  private readonly running = new Set<string>();
  private state: SearchStatus['state'] = 'planning';
  private planned = { rungs: 1, runs: 0 };
  private ending: SearchEnding | null = null;
  /** How far the transformer that spoke last is. */
  private news = '';
  private closing = '';
  private paused = false;

  constructor(
    input: SearchInput,
    secondsUsed: () => number,
    carried: { runs: readonly TrialRun[]; crossRegion: readonly CrossRegionLine[] } = NOTHING,
  ) {
    this.input = input;
    this.secondsUsed = secondsUsed;
    this.runs = [...carried.runs];
    this.crossRegion = [...carried.crossRegion];
  }

  follow({ brackets }: SearchPlan): void {
    const rungs = brackets.flatMap((bracket) => bracket.rungs);
    this.planned = {
      rungs: Math.max(...brackets.map((bracket) => bracket.rungs.length)),
      runs: rungs.reduce((sum, { trials }) => sum + trials, 0),
    };
    this.enter('searching');
  }

  enter(state: SearchStatus['state'], ending: SearchEnding | null = this.ending): void {
    this.state = state;
    this.ending = ending;
    this.describe(this.paused);
  }

  isRunning(attempt: Attempt): boolean {
    return this.running.has(nameOf(attempt));
  }

  get isIdle(): boolean {
    return this.running.size === 0;
  }

  begin(attempt: Attempt): void {
    this.running.add(nameOf(attempt));
    this.enter(attempt.heldOut === undefined ? 'searching' : 'across regions');
  }

  record(attempt: Attempt, { score, model }: Attempted, seconds: number): void {
    this.add(attempt, { state: 'scored', score, model, seconds, reason: null });
  }

  /** Without a reason: it was ended with the search. */
  recordLoss(attempt: Attempt, reason: string | null, seconds: number): void {
    const state = reason === null ? 'out of time' : 'failed';
    this.add(attempt, {
      state,
      score: null,
      model: null,
      seconds,
      reason: reason?.slice(0, REASON_KEPT) ?? null,
    });
  }

  private add(
    attempt: Attempt,
    outcome: Pick<TrialRun, 'state' | 'score' | 'model' | 'seconds' | 'reason'>,
  ): void {
    const { trial, rung, share, heldOut } = attempt;
    this.running.delete(nameOf(attempt));
    this.news = '';
    if (heldOut === undefined) {
      this.runs.push({ trial, rung, share, ...outcome });
    } else {
      const { forecaster, id } = trial;
      const own = this.runs.find((run) => run.trial.id === id && run.rung === rung)?.score?.byRegion[heldOut];
      const mape = outcome.score?.mape ?? null;
      const reason = outcome.state === 'out of time' ? outcome.state : outcome.reason;
      this.crossRegion.push({ forecaster, id, region: heldOut, mape, own: own ?? null, reason });
    }
    this.describe(this.paused);
  }

  hear(note: string): void {
    this.news = note;
    this.describe(this.paused);
  }

  close({ best, ensemble, dataset }: SearchResult): void {
    const together = ensemble
      ? `, an ensemble of ${ensemble.members.join(', ')} ${ensemble.mape.toFixed(2)}`
      : '';
    this.closing = `Best on validation: ${best.id} with a MAPE of ${best.mape?.toFixed(2)} %${together}. ${dataset.uri}`;
    this.enter('done');
  }

  status(): SearchStatus {
    const { state, running, runs, planned, ending } = this;
    const { name, budgetMinutes } = this.input;
    return {
      name,
      state: this.paused && state === 'searching' ? 'paused' : state,
      rung: Math.min(planned.rungs, Math.max(0, ...runs.map(({ rung }) => rung)) + 1),
      rungs: planned.rungs,
      running: [...running],
      done: runs.length,
      planned: planned.runs,
      minutesUsed: this.secondsUsed() / 60,
      budgetMinutes,
      leaderboard: leaderboardOf(runs),
      ending,
    };
  }

  describe(paused: boolean): void {
    this.paused = paused;
    const { name, state, running, done, planned, minutesUsed, budgetMinutes, leaderboard, ending } =
      this.status();
    const facts = [
      `${done} of ${planned} runs`,
      `${minutesUsed.toFixed(1)} of ${budgetMinutes} min`,
      ...(running.length > 0 ? [`at ${running.join(', ')}${this.news === '' ? '' : ` (${this.news})`}`] : []),
      ...(ending === null ? [] : [ending]),
    ];
    const parts = [
      `**${name}: ${state}**, ${facts.join(', ')}`,
      ...(leaderboard.length > 0 ? [leaderboardTable(leaderboard)] : []),
      this.closing,
    ];
    setCurrentDetails(parts.filter((part) => part !== '').join('\n\n'));
  }
}

function leaderboardTable(lines: readonly LeaderboardLine[]): string {
  const rows = lines
    .slice(0, LINES_SHOWN)
    .map(({ place, id, forecaster, mape, share, settings, note }) => [
      `${place}`,
      id,
      forecaster,
      mape === null ? '–' : mape.toFixed(2),
      `${(100 * share).toFixed(0)} %`,
      factsLine(settings) || 'defaults',
      note,
    ]);
  return table(['place', 'trial', 'forecaster', 'MAPE %', 'of a training', 'settings', 'note'], rows);
}
