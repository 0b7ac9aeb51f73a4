import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  patched,
  proxyActivities,
  setHandler,
  sleep,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { TrainingActivities } from '../activities/training.ts';
import type { ArtifactReference } from '../src/contracts/artifact.ts';
import { ringTrainingInput, type RingTrainingResult, type TrainingPlan } from '../src/contracts/training.ts';
import { leaseNews, segmentNews } from '../src/contracts/progress.ts';
import { slotSession } from '../src/contracts/slot-pool.ts';
import { BadInputError, RingBrokenError } from '../src/errors.ts';
import { failureLine, isFinal } from '../src/temporal/failures.ts';
import { parseInput } from '../src/temporal/input.ts';
import {
  leaseNewsSignal,
  segmentNewsSignal,
  slotGoneSignal,
  stopSignal,
  trainingStatusQuery,
} from '../src/temporal/messages.ts';
import { WORKFLOWS } from '../src/temporal/names.ts';
import { ringSizeAttribute } from '../src/temporal/search-attributes.ts';
import { isHistoryLong } from './history.ts';
import { HeldLease } from './held-lease.ts';
import { PATCHES } from './patches.ts';
import { trainOnRing, type RingOutcome } from './ring.ts';
import { RunControl } from './run-control.ts';
import { TrainingBoard, type CarriedTraining } from './training-board.ts';

/** A ring is re-formed so often in a row without a step taken; then the trouble is not a slot's death. */
const FRUITLESS_ATTEMPTS = 5;
const EVENTS_BEFORE_CONTINUING = 1000;

const { planTraining, finishTraining } = proxyActivities<TrainingActivities>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '8 seconds',
  retry: { maximumAttempts: 20 },
});

/** Trains one model on a ring of leased slots; a ring that breaks is formed anew by those who are left and a spare. */
export async function ringTrainingWorkflow(
  raw?: unknown,
  carried?: CarriedTraining,
): Promise<RingTrainingResult> {
  const input = parseInput(ringTrainingInput, raw, WORKFLOWS.ringTraining);
  const board = new TrainingBoard(input.settings.ringSize, carried?.board);
  const held = new HeldLease(input, carried?.lease);
  const control = new RunControl();
  control.paused = carried?.paused ?? false;
  let stopping = carried?.stopping ?? false;
  const shouldStop = () => control.paused || stopping;
  control.listen(() => board.describe(control.paused));
  setHandler(
    stopSignal,
    () => {
      stopping = true;
    },
    { description: 'Stop at the next step and make a model of what there is' },
  );
  setHandler(segmentNewsSignal, (message) => {
    const news = segmentNews.safeParse(message);
    if (news.success) board.hear(news.data);
  });
  setHandler(slotGoneSignal, (message) => {
    const gone = slotSession.safeParse(message);
    if (gone.success) held.noteGone(gone.data);
  });
  setHandler(leaseNewsSignal, (message) => {
    const news = leaseNews.safeParse(message);
    if (news.success) board.hearOfLease(news.data);
  });
  setHandler(trainingStatusQuery, () => board.status(), {
    description: 'State, slots, step, loss, tokens a second, where the time goes and memory a slot',
  });
  upsertSearchAttributes([{ key: ringSizeAttribute, value: input.settings.ringSize }]);

  try {
    return await train();
  } finally {
    await held.giveBack();
  }

  async function train(): Promise<RingTrainingResult> {
    let known: TrainingPlan | undefined;
    for (;;) {
      let fresh: TrainingPlan | undefined;
      if (!known || shouldStop() || isFruitless()) {
        board.enter('planning');
        known = fresh = await lookUp();
        if (known.result) return known.result;
      }
      if (shouldStop()) {
        await held.giveBack();
        if (!stopping) {
          board.enter('paused');
          await condition(() => !shouldStop() || stopping);
          continue;
        }
        return finish(known, known.checkpoint);
      }
      const outcome = await attempt(known.runId, fresh);
      if (outcome) {
        const { plan, segments } = outcome;
        // Others get their turn, and a ring that has shrunk may be whole again.
        await held.giveBack();
        if (plan.result) return plan.result;
        if (segments.every(({ finished }) => finished))
          return finish(plan, segments[0]!.checkpoint ?? plan.checkpoint);
      }
      if (isHistoryLong(EVENTS_BEFORE_CONTINUING)) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof ringTrainingWorkflow>(input, {
          board: board.carry(),
          lease: held.carry(),
          paused: control.paused,
          stopping,
        });
      }
    }
  }

  /** What lies on disk is what counts, whatever the ring said last: also of whether rings still take steps. */
  async function lookUp(): Promise<TrainingPlan> {
    const plan = await planTraining(input);
    board.learn(plan);
    // Who stops the run shall have what there is.
    if (isFruitless() && !plan.result && !shouldStop()) {
      throw ApplicationFailure.nonRetryable(
        `The ring broke ${board.fruitless} times in a row without gaining a step, the last time so: ${board.lastFailure}`,
        RingBrokenError.name,
      );
    }
    return plan;
  }

  function isFruitless(): boolean {
    return board.fruitless >= FRUITLESS_ATTEMPTS;
  }

  /** One ring, from its slots to its end; undefined when it broke and another one is worth forming. */
  async function attempt(runId: string, fresh?: TrainingPlan): Promise<RingOutcome | undefined> {
    try {
      const outcome = await trainOnRing(
        { input, board, held, shouldStop },
        runId,
        async () => fresh ?? lookUp(),
      );
      board.finishSegments(outcome.segments);
      return outcome;
    } catch (failure) {
      if (CancellationScope.current().consideredCancelled || isFinal(failure)) throw failure;
      // Stopped before the slots had begun: nothing broke.
      if (shouldStop() && isCancellation(failure)) return undefined;
      board.noteBreak(failureLine(failure));
      // The last one is looked into at once.
      const pauseMs = 500 * (board.fruitless - 1);
      // A timer of no length takes the server a second.
      const skips = pauseMs === 0 && patched(PATCHES.firstBreakIsNotWaitedFor);
      if (!isFruitless() && !skips) await sleep(pauseMs);
      return undefined;
    }
  }

  async function finish(
    { runId }: TrainingPlan,
    checkpoint: ArtifactReference | null,
  ): Promise<RingTrainingResult> {
    if (!checkpoint) {
      throw ApplicationFailure.nonRetryable(
        'The training was stopped before its first checkpoint: there is no model to make.',
        BadInputError.name,
      );
    }
    board.enter('finishing');
    const { results, bitsMayDiffer } = board;
    const result = await finishTraining({ input, runId, checkpoint, results, bitsMayDiffer });
    board.enter('done');
    return result;
  }
}
