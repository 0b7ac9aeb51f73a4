import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setHandler,
  sleep,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { TrainingActivities } from '../activities/training.ts';
import type { ArtifactReference } from '../src/contracts/artifact.ts';
import {
  ringTrainingInput,
  type RingTrainingResult,
  type SegmentResult,
  type TrainingPlan,
} from '../src/contracts/training.ts';
import { segmentNews } from '../src/contracts/progress.ts';
import { BadInputError, RingBrokenError } from '../src/errors.ts';
import { failureLine, isFinal } from '../src/temporal/failures.ts';
import { parseInput } from '../src/temporal/input.ts';
import { segmentNewsSignal, stopSignal, trainingStatusQuery } from '../src/temporal/messages.ts';
import { WORKFLOWS } from '../src/temporal/names.ts';
import { ringSizeAttribute } from '../src/temporal/search-attributes.ts';
import { isHistoryLong } from './history.ts';
import { withRing } from './ring.ts';
import { RunControl } from './run-control.ts';
import { TrainingBoard, type CarriedTraining } from './training-board.ts';

/** A ring is re-formed so often in a row without a step gained; then the trouble is not a slot's death. */
const FRUITLESS_ATTEMPTS = 5;
const EVENTS_BEFORE_CONTINUING = 1000;

const { planTraining, finishTraining } = proxyActivities<TrainingActivities>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 5 },
});

/** Trains one model on a ring of leased slots; a ring that breaks is formed anew from the last checkpoint. */
export async function ringTrainingWorkflow(
  raw?: unknown,
  carried?: CarriedTraining,
): Promise<RingTrainingResult> {
  const input = parseInput(ringTrainingInput, raw, WORKFLOWS.ringTraining);
  const board = new TrainingBoard(input.settings.ringSize, carried);
  const control = new RunControl();
  control.paused = carried?.paused ?? false;
  let stopping = carried?.stopping ?? false;
  const shouldHalt = () => control.paused || stopping;
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
  setHandler(trainingStatusQuery, () => board.status(), {
    description: 'State, slots, step, loss, tokens a second, memory a slot',
  });
  upsertSearchAttributes([{ key: ringSizeAttribute, value: input.settings.ringSize }]);

  for (;;) {
    board.enter('planning');
    // The newest whole checkpoint is what lies on disk, whatever the ring said last.
    const plan = await planTraining(input);
    if (plan.result) return plan.result;
    board.resumeFrom(plan.step);
    if (control.paused && !stopping) {
      board.enter('paused');
      await condition(() => !control.paused || stopping);
    }
    if (stopping) return finish(plan, plan.checkpoint);
    const segments = await attempt(plan);
    if (segments?.every(({ finished }) => finished))
      return finish(plan, segments[0]!.checkpoint ?? plan.checkpoint);
    if (isHistoryLong(EVENTS_BEFORE_CONTINUING)) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof ringTrainingWorkflow>(input, {
        ...board.carry(),
        paused: control.paused,
        stopping,
      });
    }
  }

  /** One ring, from its lease to its end; undefined when it broke and another one is worth forming. */
  async function attempt(plan: TrainingPlan): Promise<SegmentResult[] | undefined> {
    try {
      const segments = await withRing(input, plan, board, shouldHalt);
      board.finishSegments(segments);
      return segments;
    } catch (failure) {
      if (CancellationScope.current().consideredCancelled || isFinal(failure)) throw failure;
      // Stopped before the slots had begun: nothing broke.
      if (shouldHalt() && isCancellation(failure)) return undefined;
      const fruitless = board.noteRestart(failureLine(failure));
      if (fruitless >= FRUITLESS_ATTEMPTS) {
        throw ApplicationFailure.nonRetryable(
          `The ring broke ${fruitless} times in a row without gaining a step, the last time so: ${failureLine(failure)}`,
          RingBrokenError.name,
        );
      }
      await sleep(500 * (fruitless - 1));
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
    const result = await finishTraining({ input, runId, checkpoint, ...board.totals() });
    board.enter('done');
    return result;
  }
}
