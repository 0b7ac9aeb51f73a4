import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  ContinueAsNew,
  isCancellation,
  proxyActivities,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ABTestActivities } from '../activities/ab-test.ts';
import {
  abTestInput,
  durationHours,
  type ABDecision,
  type ABLook,
  type ABResult,
  type ABTestRecord,
  type ABTestStatus,
} from '../src/contracts/ab-test.ts';
import type { LifecycleEvent } from '../src/contracts/lifecycle.ts';
import { HOUR_SECONDS } from '../src/contracts/time.ts';
import { failureLine } from '../src/temporal/failures.ts';
import { parseInput } from '../src/temporal/input.ts';
import { abTestStatusQuery } from '../src/temporal/messages.ts';
import { WORKFLOWS } from '../src/temporal/names.ts';
import { modelAttribute, stageAttribute } from '../src/temporal/search-attributes.ts';
import { ABTestBoard, type CarriedBoard } from './ab-test-board.ts';
import { ABTestDesk, type CarriedDesk } from './ab-test-desk.ts';
import { isHistoryLong } from './history.ts';
import { tellAlerts } from './job-ending.ts';
import { LearningClock } from './learning-clock.ts';
import { shortened } from './refusals.ts';

const { startABTest, judgeABTest, changeABTest } = proxyActivities<ABTestActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 10 },
});

const { promoteVersion } = proxyActivities<{
  promoteVersion(input: {
    name: string;
    request: { version: number; by: string; reason: string; from: string };
  }): Promise<LifecycleEvent>;
}>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 5 },
});

/** A look is half a dozen events. */
const EVENTS_BEFORE_CONTINUING = 300;

const SAYS_KEPT = 1000;

export interface CarriedTest {
  asOf: string | undefined;
  record: ABTestRecord;
  board: CarriedBoard;
  desk: CarriedDesk;
  told: Told;
}

/** What people have been told of already. */
interface Told {
  decision: ABDecision;
  broken: boolean;
}

/**
 * The entity of an A/B test: it fixes who is compared with whom, takes in what comes of their answers, looks at it as
 * often as anything comes, and ends the test when it is decided, broken, asked to, or at the end of its time. Exposures
 * and outcomes lie in files; what they say is the same for everybody who reads them.
 */
export async function abTestWorkflow(raw?: unknown, carried?: CarriedTest): Promise<ABTestStatus> {
  const input = parseInput(abTestInput, raw, WORKFLOWS.abTest);
  const { config } = input;
  const name = config.test_name;
  const clock = new LearningClock(carried?.asOf ?? input.asOf);
  const board = new ABTestBoard(name, carried?.board);
  const desk = new ABTestDesk(name, () => board.describe(desk.requests), carried?.desk);
  const told = carried?.told ?? { decision: 'continue', broken: false };
  const by = WORKFLOWS.abTest;
  const from = workflowInfo().workflowId;
  let record: ABTestRecord;

  clock.listen();
  setHandler(abTestStatusQuery, () => board.status(desk.requests), {
    description: 'Who is compared with whom, how it stands, and what is recommended',
  });
  desk.listen();

  try {
    keep(carried?.record ?? (await begin()));
    return await run();
  } catch (error) {
    if (error instanceof ContinueAsNew || !board.record) throw error;
    const says = isCancellation(error) ? 'It was cancelled.' : failureLine(error);
    await CancellationScope.nonCancellable(() => close('continue', says, by, false));
    throw error;
  }

  async function begin(): Promise<ABTestRecord> {
    const begun = await startABTest({ config, by: input.by, at: clock.iso });
    const { control, treatment, endsAt } = begun;
    await desk.tell({
      ...{ at: new Date().toISOString(), who: input.by, identity: 'claimed', what: 'ab-started' },
      why: input.reason,
      details: {
        control: `${control.name}@${control.version}`,
        treatment: `${treatment.name}@${treatment.version}`,
        ...{ traffic_split: config.traffic_split, success_metric: config.success_metric, endsAt },
      },
    });
    return begun;
  }

  async function run(): Promise<ABTestStatus> {
    for (;;) {
      await extend();
      const look = await takeIn();
      const ended = await decide(look);
      if (ended) return ended;
      if (isHistoryLong(EVENTS_BEFORE_CONTINUING)) await goOn();
      const next = Math.min(clock.now + 60 * input.lookMinutes, deadline());
      await clock.until(next, () => desk.hasWork);
    }
  }

  /** Writes down the outcomes that wait, and looks at all there are. */
  async function takeIn(): Promise<ABLook> {
    const batch = desk.next();
    const over = clock.now >= deadline();
    const look = await judgeABTest({ name, outcomes: batch.outcomes, at: clock.iso, over });
    desk.settle(batch, look.account);
    const isDecided = look.result.decision !== 'continue';
    board.show(isDecided ? 'decided' : 'running', look.result);
    upsertSearchAttributes([{ key: stageAttribute, value: board.phase }]);
    board.describe(desk.requests);
    return look;
  }

  async function decide({ result, interrupted }: ABLook): Promise<ABTestStatus | undefined> {
    await tellWhatIsNew(result);
    const { decision, says } = result;
    if (desk.stop) {
      const { by: who, reason, promote } = desk.stop;
      const why = reason ? `: ${reason.replace(/[.\s]+$/, '')}.` : '.';
      return close(decision, `Stopped by ${who}${why} ${says}`, who, promote);
    }
    if (interrupted !== null) return close(decision, `${interrupted} ${says}`, by, false);
    if (decision !== 'continue' && config.action !== 'ask') {
      return close(decision, says, by, decision === 'promote' && config.action === 'promote');
    }
    if (decision === 'futile') return close(decision, says, by, false);
    if (decision === 'continue' || clock.now < deadline()) return undefined;
    return close(decision, `Its time is over. ${says}`, by, false);
  }

  async function tellWhatIsNew({ decision, says, sampleRatio, pValue, effect }: ABResult): Promise<void> {
    const { broken } = sampleRatio;
    if (decision !== told.decision) {
      told.decision = decision;
      const p = sampleRatio.pValue;
      const details = { decision, pValue, effect, sampleRatioPValue: p };
      await desk.tell({ at: new Date().toISOString(), who: by, what: 'ab-decided', why: says, details });
    }
    if (broken && !told.broken) {
      told.broken = true;
      const facts = { test: name, sample_ratio_broken: true, sample_ratio_p: sampleRatio.pValue };
      await tellAlerts(record.control.name, clock, 'ab-test', facts, `A/B test ${name}: ${says}`);
    }
  }

  async function extend(): Promise<void> {
    for (const asked of desk.extensions.splice(0)) {
      const endsAt = new Date(
        Date.parse(record.endsAt) + 1000 * HOUR_SECONDS * durationHours(asked.duration),
      ).toISOString();
      keep(await changeABTest({ name, endsAt }));
      const why = asked.reason;
      await desk.tell({
        ...{ at: new Date().toISOString(), who: asked.by, identity: 'claimed', what: 'ab-extended' },
        ...{ why, details: { endsAt } },
      });
    }
  }

  async function goOn(): Promise<void> {
    // Updates that wait for their account are served before the history ends.
    while (!allHandlersFinished()) {
      if (desk.hasWork) await takeIn();
      else await condition(() => desk.hasWork || allHandlersFinished());
      await extend();
      if (desk.stop) return;
    }
    await continueAsNew<typeof abTestWorkflow>(input, {
      ...{ asOf: clock.carry(), record, told },
      ...{ board: board.carry(), desk: desk.carry() },
    });
  }

  async function close(
    decision: ABDecision,
    why: string,
    who: string,
    promote: boolean,
  ): Promise<ABTestStatus> {
    const outcome = promote ? await promotion() : { promoted: false, says: '' };
    const says = shortened(`${why} ${outcome.says}`.trim(), SAYS_KEPT);
    const ending = { at: clock.iso, decision, says, by: who, promoted: outcome.promoted };
    desk.close();
    const { ending: ended } = keep(await changeABTest({ name, ending }));
    board.end(ended ?? ending);
    upsertSearchAttributes([{ key: stageAttribute, value: board.phase }]);
    board.describe(desk.requests);
    const details = { decision, promoted: outcome.promoted };
    await desk.tell({ at: new Date().toISOString(), who, what: 'ab-ended', why: says, details });
    if (told.broken) {
      const facts = { test: name, sample_ratio_broken: false };
      await tellAlerts(record.control.name, clock, 'ab-test', facts, `A/B test ${name} has ended.`);
    }
    await condition(allHandlersFinished);
    return board.status(desk.requests);
  }

  /** Of one model the lifecycle puts the treatment in charge; between two models nobody can but a person. */
  async function promotion(): Promise<{ promoted: boolean; says: string }> {
    const { control, treatment } = record;
    if (control.name !== treatment.name) {
      return {
        promoted: false,
        says: `${treatment.name} is another model than ${control.name}: a person must decide who asks which of them.`,
      };
    }
    const { version } = treatment;
    const reason = `A/B test ${name}.`;
    try {
      await promoteVersion({ name: treatment.name, request: { version, by, reason, from } });
      return { promoted: true, says: `Version ${version} is champion.` };
    } catch (error) {
      if (isCancellation(error)) throw error;
      return { promoted: false, says: `Version ${version} could not be promoted: ${failureLine(error)}` };
    }
  }

  function keep(next: ABTestRecord): ABTestRecord {
    record = next;
    board.record = next;
    upsertSearchAttributes([{ key: modelAttribute, value: next.control.name }]);
    return next;
  }

  function deadline(): number {
    return Math.floor(Date.parse(record.endsAt) / 1000);
  }
}
