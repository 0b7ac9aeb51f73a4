import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  proxyActivities,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { SearchActivities } from '../activities/search.ts';
import {
  searchInput,
  type CrossRegionLine,
  type SearchEnding,
  type SearchPlan,
  type SearchResult,
  type TrialRun,
} from '../src/contracts/search.ts';
import { dueTrials, lastRuns, rankedRuns } from '../src/contracts/search-ranking.ts';
import type { SegmentProgress } from '../src/contracts/training.ts';
import { failureLine } from '../src/temporal/failures.ts';
import { parseInput } from '../src/temporal/input.ts';
import { leaderboardQuery, stopSignal, trainingNewsSignal } from '../src/temporal/messages.ts';
import { WORKFLOWS } from '../src/temporal/names.ts';
import { modelAttribute, regionsAttribute, stageAttribute } from '../src/temporal/search-attributes.ts';
import { BudgetClock } from './budget-clock.ts';
import { isHistoryLong } from './history.ts';
import { RunControl } from './run-control.ts';
import { SearchBoard } from './search-board.ts';
import { SearchTrials, type Attempt } from './search-trials.ts';
import { trainingNote } from './training-details.ts';

const EVENTS_BEFORE_CONTINUING = 300;

const { planSearch, finishSearch } = proxyActivities<SearchActivities>({
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 5 },
});

/** What a search carries when it continues as new. */
interface CarriedSearch {
  plan: SearchPlan;
  runs: TrialRun[];
  crossRegion: CrossRegionLine[];
  secondsUsed: number;
  paused: boolean;
}

/** Tries configurations by successive halving, within a budget of minutes, and weighs an ensemble of the best. */
export async function hyperparameterSearchWorkflow(
  raw?: unknown,
  carried?: CarriedSearch,
): Promise<SearchResult> {
  const input = parseInput(searchInput, raw, WORKFLOWS.hyperparameterSearch);
  const { paused = false, secondsUsed = 0 } = carried ?? {};
  const control = new RunControl();
  control.paused = paused;
  const clock = new BudgetClock(60 * input.budgetMinutes, { secondsUsed, paused });
  const board = new SearchBoard(input, () => clock.secondsUsed, carried);
  /** Why nothing more is begun, and what was at work is ended. */
  let over: SearchEnding | undefined;
  let stopping = false;
  control.listen(() => {
    clock.turn(control.paused);
    board.describe(control.paused);
  });
  setHandler(stopSignal, () => void (stopping = true), {
    description: 'End the trials at work and make the result of those that are scored',
  });
  setHandler(trainingNewsSignal, (news: SegmentProgress) => board.hear(trainingNote(news)), {
    description: 'How far a training is; sent by its slots',
  });
  setHandler(leaderboardQuery, () => board.status(), {
    description: 'State, time used, and every trial with its score, best first',
  });
  upsertSearchAttributes([
    { key: modelAttribute, value: input.name },
    { key: stageAttribute, value: 'search' },
  ]);
  board.describe(control.paused);

  const plan = carried?.plan ?? (await planSearch(input));
  upsertSearchAttributes([{ key: regionsAttribute, value: plan.cut.regions }]);
  board.follow(plan);
  const trials = new SearchTrials(input, plan, control);
  const isLong = () => isHistoryLong(EVENTS_BEFORE_CONTINUING);
  await withinBudget(() => Promise.all(Array.from({ length: input.concurrency }, lane)));
  if (!over && nextAttempt()) {
    await condition(allHandlersFinished);
    const { runs, crossRegion } = board;
    await continueAsNew<typeof hyperparameterSearchWorkflow>(input, {
      plan,
      runs,
      crossRegion,
      secondsUsed: clock.secondsUsed,
      paused: control.paused,
    });
  }
  const ending = over ?? endingOf(plan, board.runs);
  board.enter('finishing', ending);
  const { name, ensembleTop } = input;
  const { runs, crossRegion } = board;
  const result = await finishSearch({ name, plan, runs, crossRegion, ending, ensembleTop });
  board.close(result);
  return result;

  /** Ends what is at work when the time is spent or somebody stops the search; what is scored by then counts. */
  async function withinBudget(work: () => Promise<unknown>): Promise<void> {
    await CancellationScope.cancellable(async () => {
      const scope = CancellationScope.current();
      const endWhen = (reason: SearchEnding, comes: Promise<void>) =>
        comes.then(
          () => {
            over ??= reason;
            scope.cancel();
          },
          () => {},
        );
      void endWhen('the time was spent', clock.spent());
      void endWhen(
        'stopped',
        condition(() => stopping),
      );
      try {
        await work();
      } finally {
        scope.cancel();
      }
    });
  }

  /** Takes one attempt after the other, and waits while those of other lanes decide what comes next. */
  async function lane(): Promise<void> {
    for (;;) {
      const mayGoOn = () => !control.paused && (isLong() || board.isIdle || nextAttempt() !== undefined);
      await condition(mayGoOn).catch((error: unknown) => {
        if (!over) throw error;
      });
      const attempt = over || isLong() ? undefined : nextAttempt();
      if (!attempt) return;
      await carryOut(attempt);
    }
  }

  /** Rung by rung, each family by itself; when all is tried, the leaders across regions. */
  function nextAttempt(): Attempt | undefined {
    const due = plan.brackets.map((bracket) => ({ bracket, ...dueTrials(bracket, board.runs) }));
    const attempts = due.flatMap(({ bracket, trials: open, rung }) =>
      open.map((trial): Attempt => ({ trial, rung, share: bracket.rungs[rung]!.share })),
    );
    const next = attempts.length > 0 || !input.crossRegion ? attempts : heldOutAttempts(plan, board);
    return next.find((attempt) => !board.isRunning(attempt));
  }

  async function carryOut(attempt: Attempt): Promise<void> {
    const startedAt = Date.now();
    board.begin(attempt);
    try {
      board.record(attempt, await trials.attempt(attempt), secondsSince(startedAt));
    } catch (error) {
      const ended = CancellationScope.current().consideredCancelled;
      if (ended && !over) throw error;
      board.recordLoss(attempt, ended ? null : failureLine(error), secondsSince(startedAt));
    }
  }
}

const secondsSince = (startedAt: number) => (Date.now() - startedAt) / 1000;

function endingOf({ brackets }: SearchPlan, runs: readonly TrialRun[]): SearchEnding {
  const dropped = brackets.some((bracket) => dueTrials(bracket, runs).dropped > 0);
  return dropped ? 'the leader could not be beaten' : 'all rungs done';
}

/** The best of each family, once for each region that is left out. */
function heldOutAttempts({ cut, brackets }: SearchPlan, { runs, crossRegion }: SearchBoard): Attempt[] {
  if (cut.regions.length < 2) return [];
  return brackets
    .flatMap(
      ({ forecaster }) => rankedRuns(lastRuns(runs)).find((run) => run.trial.forecaster === forecaster) ?? [],
    )
    .flatMap(({ trial, rung, share }) => cut.regions.map((heldOut) => ({ trial, rung, share, heldOut })))
    .filter(
      ({ trial, heldOut }) => !crossRegion.some(({ id, region }) => id === trial.id && region === heldOut),
    );
}
