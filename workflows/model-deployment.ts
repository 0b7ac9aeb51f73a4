import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  ContinueAsNew,
  isCancellation,
  log,
  patched,
  proxyActivities,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { EntityActivities } from '../activities/entities.ts';
import type { RegistryActivities } from '../activities/registry.ts';
import { deploymentInput, type DeploymentPhase, type DeploymentStatus } from '../src/contracts/learning.ts';
import type { LifecycleEvent } from '../src/contracts/lifecycle.ts';
import { howCrowned } from '../src/contracts/reigns.ts';
import { HOUR_SECONDS, toHourStamp } from '../src/contracts/time.ts';
import { failureLine } from '../src/temporal/failures.ts';
import { parseInput } from '../src/temporal/input.ts';
import { deploymentStatusQuery } from '../src/temporal/messages.ts';
import { WORKFLOWS } from '../src/temporal/names.ts';
import { modelAttribute, stageAttribute } from '../src/temporal/search-attributes.ts';
import { DeploymentBoard, type CarriedBoard } from './deployment-board.ts';
import { compared } from './deployment-comparison.ts';
import { DeploymentDesk, type CarriedDesk } from './deployment-desk.ts';
import { standWatch, watchOf, type Watch } from './deployment-watch.ts';
import { recordEnding, type Ending } from './job-ending.ts';
import { LearningClock } from './learning-clock.ts';
import { PATCHES } from './patches.ts';
import { counted } from '../src/errors.ts';

const { readModel } = proxyActivities<RegistryActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 10 },
});

const { promoteVersion, startCanary, endCanary } = proxyActivities<EntityActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 5 },
});

export interface CarriedDeployment {
  asOf: string | undefined;
  startedAt: string;
  desk: CarriedDesk;
  board: CarriedBoard;
  watch: Watch;
}

/**
 * From a candidate that passed validation to a champion that has stood its watch: approval, canary, promotion, watch,
 * and the way back where the hours that come say that it errs more than whom it followed.
 */
export async function modelDeploymentWorkflow(
  raw?: unknown,
  carried?: CarriedDeployment,
): Promise<DeploymentStatus> {
  const input = parseInput(deploymentInput, raw, WORKFLOWS.deployment);
  const { config, version } = input;
  const { model_name: name } = config;
  const startedAt = carried?.startedAt ?? new Date().toISOString();
  const clock = new LearningClock(carried?.asOf ?? input.asOf);
  // Before anybody can move the clock: an approval has its hours from here.
  const beganAt = clock.now;
  const board = new DeploymentBoard(name, version, clock, carried?.board);
  const desk = new DeploymentDesk(
    input,
    { phase: () => board.phase, onChange: () => board.describe(desk.requests) },
    carried?.desk,
  );
  const by = WORKFLOWS.deployment;
  const from = workflowInfo().workflowId;
  let hasCanary = false;
  /** What became of the model's champions, oldest first, as last read. */
  let known: LifecycleEvent[] = [];

  clock.listen(() => board.describe(desk.requests));
  setHandler(deploymentStatusQuery, () => board.status(desk.requests), {
    description: 'Phase, what it waits for or why it ended, and who asked for what',
  });
  desk.listen();
  upsertSearchAttributes([{ key: modelAttribute, value: name }]);
  const enter = (phase: DeploymentPhase, says: string) => {
    board.enter(phase, says);
    upsertSearchAttributes([{ key: stageAttribute, value: phase }]);
    board.describe(desk.requests);
  };

  try {
    return await close(carried ? await watched(carried.watch) : await deploy());
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    const reason = isCancellation(error) ? 'It was cancelled.' : failureLine(error);
    await CancellationScope.nonCancellable(async () => {
      await takeCanaryBack(reason);
      await close({ outcome: 'failed', reason, version, facts: { phase: board.phase } });
    });
    throw error;
  }

  async function deploy(): Promise<Ending> {
    const before = await championNow();
    if (before === version) return ended('skipped', `Version ${version} is champion already.`);
    const stopped = (await approval(before)) ?? (await overtaken(before));
    if (stopped) return stopped;
    const refused = before === null ? undefined : await canary(before);
    if (refused) return refused;
    const late = heardLate();
    if (late) await takeCanaryBack(late.reason);
    return late ?? promotion(before);
  }

  async function approval(before: number | null): Promise<Ending | undefined> {
    const isApproved = () => desk.decision?.kind === 'approve';
    if (config.auto_deploy || isApproved()) return undefined;
    const until = beganAt + config.approval_hours * HOUR_SECONDS;
    const who = config.approvers.length > 0 ? config.approvers.join(' or ') : 'anybody';
    enter('approval', `It waits for the approval of ${who} until ${toHourStamp(until)}. ${input.reason}`);
    await whileChampionIs(before, until, () => desk.decision !== null || desk.supersededBy !== null);
    if (isApproved()) return undefined;
    const over = stoppedByPeople() ?? (await overtaken(before)) ?? heardLate();
    if (over || (isApproved() && patched(PATCHES.peopleAreHeardLate))) return over;
    return ended('refused', `Nobody approved it within ${counted(config.approval_hours, 'hour')}.`);
  }

  /** Waits until a moment, or until people have stopped it, or have made somebody else champion. */
  async function whileChampionIs(before: number | null, until: number, isStopped: () => boolean) {
    while (await clock.until(until, () => isStopped() || desk.hasOtherChampion(before))) {
      if (isStopped()) return;
      desk.noteChampion(before);
      if ((await championNow()) !== before) return;
    }
  }

  async function championNow(): Promise<number | null> {
    const { champion, events } = await readModel({ name });
    known = events.toReversed();
    return champion?.version ?? null;
  }

  function overtakenBy(now: number | null): Ending {
    const how = now === null ? undefined : howCrowned(known, now);
    const reason =
      now === version
        ? `Version ${version} was made champion ${how ?? 'by somebody else.'}`
        : `Version ${now ?? 'none'} became champion meanwhile${how ? `, ${how}` : '.'}`;
    return ended('skipped', reason);
  }

  /** Days may pass before somebody approves, and somebody else may have promoted or rolled back by hand. */
  async function overtaken(before: number | null): Promise<Ending | undefined> {
    if (config.auto_deploy || !patched(PATCHES.championIsReadAfterApproval)) return undefined;
    const now = await championNow();
    if (now === before) return undefined;
    return overtakenBy(now);
  }

  function stoppedByPeople(): Ending | undefined {
    if (desk.decision?.kind === 'reject') {
      const { by: who, reason } = desk.decision;
      return ended('refused', `Rejected by ${who}${reason ? `: ${reason}` : '.'}`);
    }
    if (desk.supersededBy === null) return undefined;
    return ended('skipped', `Superseded by version ${desk.supersededBy} at ${board.phase}.`);
  }

  /** They were told that it counts, though the registry or the hours of the canary were being read. */
  function heardLate(): Ending | undefined {
    const stopped = stoppedByPeople();
    return stopped && patched(PATCHES.peopleAreHeardLate) ? stopped : undefined;
  }

  /** The hours of the canary tell more than the calls it answered: both versions are asked for all of them. */
  async function canary(champion: number): Promise<Ending | undefined> {
    const { canary_share: share, canary_hours: hours } = config;
    if (share === 0 || hours === 0) return stoppedByPeople();
    const since = clock.now;
    const until = since + hours * HOUR_SECONDS;
    hasCanary = true;
    const reason = `Canary before promotion, until ${toHourStamp(until)}.`;
    await startCanary({ name, request: { version, share, by, reason, from } });
    enter('canary', `It answers ${Math.round(100 * share)} % of the forecasts until ${toHourStamp(until)}.`);
    const isStopped = () => desk.decision?.kind === 'reject' || desk.supersededBy !== null;
    await whileChampionIs(champion, until, isStopped);
    const stopped = stoppedByPeople() ?? (await canaryVerdict(champion, since));
    if (stopped) await takeCanaryBack(stopped.reason);
    return stopped;
  }

  async function canaryVerdict(champion: number, since: number): Promise<Ending | undefined> {
    const now = await championNow();
    if (now !== champion) return overtakenBy(now);
    const verdict = await compared(input, [version, champion], { since, now: clock.now });
    if (verdict && !verdict.good) {
      return {
        outcome: 'refused',
        version,
        reason: `Its canary was worse. ${verdict.reason}`,
        facts: verdict.facts,
      };
    }
    return undefined;
  }

  async function promotion(previous: number | null): Promise<Ending> {
    enter('promotion', 'It is being promoted.');
    const reason = input.reason || `Version ${version} passed validation.`;
    // It was judged beside that champion; whom somebody put there meanwhile it leaves in place.
    const champion = previous ?? undefined;
    await promoteVersion({ name, request: { version, by, reason: reason.slice(0, 500), from, champion } });
    // Whoever is champion ends the canary beside the one before.
    hasCanary = false;
    if (previous === null || config.watch_hours === 0)
      return ended('done', `Version ${version} is champion.`);
    return watched(watchOf(previous, clock.now, config.watch_hours));
  }

  function watched(watch: Watch): Promise<Ending> {
    const says = (what: string) => enter('watch', what);
    const goOn = async (carriedWatch: Watch) => {
      await condition(allHandlersFinished);
      return continueAsNew<typeof modelDeploymentWorkflow>(input, {
        ...{ asOf: clock.carry(), startedAt, desk: desk.carry(), board: board.carry() },
        watch: carriedWatch,
      });
    };
    return standWatch({ input, clock, desk, says, continueAsNew: goOn }, watch);
  }

  /** Whatever ends a deployment on the way, the champion alone answers again. */
  async function takeCanaryBack(reason: string): Promise<void> {
    if (!hasCanary) return;
    await endCanary({ name, request: { by, reason: reason.slice(0, 500), from } }).catch((error: unknown) =>
      log.error('The canary could not be ended', { reason: failureLine(error) }),
    );
    hasCanary = false;
  }

  function ended(outcome: Ending['outcome'], reason: string): Ending {
    return { outcome, reason, version };
  }

  async function close(ending: Ending): Promise<DeploymentStatus> {
    const { outcome, reason } = ending;
    board.close(outcome, reason);
    upsertSearchAttributes([{ key: stageAttribute, value: 'closed' }]);
    board.describe(desk.requests);
    await recordEnding({ model: name, job: 'deployment', clock, startedAt }, ending);
    await condition(allHandlersFinished);
    return board.status(desk.requests);
  }
}
