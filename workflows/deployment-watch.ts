import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { EntityActivities } from '../activities/entities.ts';
import type { RegistryActivities } from '../activities/registry.ts';
import type { DeploymentInput } from '../src/contracts/learning.ts';
import { departureLine, departureOf } from '../src/contracts/reigns.ts';
import { HOUR_SECONDS, toHourStamp } from '../src/contracts/time.ts';
import { WORKFLOWS } from '../src/temporal/names.ts';
import type { Verdict } from './candidate-decision.ts';
import { compared } from './deployment-comparison.ts';
import type { DeploymentDesk } from './deployment-desk.ts';
import { isHistoryLong } from './history.ts';
import { tellAlerts, type Ending } from './job-ending.ts';
import type { LearningClock } from './learning-clock.ts';

const { readModel } = proxyActivities<RegistryActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 10 },
});

const { rollbackChampion } = proxyActivities<EntityActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 5 },
});

const DAY_SECONDS = 24 * HOUR_SECONDS;
/** A check of the watch is a dozen events. */
const EVENTS_BEFORE_CONTINUING = 300;

/** A champion under watch; moments in seconds since 1970. */
export interface Watch {
  previous: number;
  since: number;
  until: number;
  next: number;
}

/** What a watch takes of its deployment. */
interface Watched {
  input: DeploymentInput;
  clock: LearningClock;
  desk: DeploymentDesk;
  says(what: string): void;
  continueAsNew(watch: Watch): Promise<never>;
}

/** From a promotion; the first look is a day later. */
export function watchOf(previous: number, since: number, hours: number): Watch {
  const until = since + hours * HOUR_SECONDS;
  return { previous, since, until, next: Math.min(until, since + DAY_SECONDS) };
}

/** Once a day the champion is held against the one before it, on all hours since it became champion. */
export async function standWatch(
  { input, clock, desk, says, continueAsNew }: Watched,
  watch: Watch,
): Promise<Ending> {
  const { version, config } = input;
  const { model_name: name } = config;
  const { previous, since, until } = watch;
  let { next } = watch;
  let figures = '';
  for (;;) {
    says(`Its errors are held against those of version ${previous} until ${toHourStamp(until)}.${figures}`);
    await clock.until(next, () => desk.supersededBy !== null || desk.hasOtherChampion(version));
    const superseded = desk.supersededBy !== null;
    // The clock may move on while this day is looked at.
    const { now } = clock;
    desk.noteChampion(version);
    const { champion, events } = await readModel({ name });
    if (champion?.version !== version) {
      const left = departureOf(events.toReversed(), version);
      const how = left ? `: it ${departureLine(left)}` : '.';
      const reason = `It was champion; version ${champion?.version ?? 'none'} is now, by somebody else${how}`;
      return { outcome: 'done', reason, version };
    }
    const verdict = await compared(input, [version, previous], { since, now });
    if (verdict) await tellAlerts(name, clock, 'deployment', verdict.facts, verdict.reason);
    if (verdict && !verdict.good) return worse(input, verdict);
    const stood = `Version ${version} is champion`;
    figures = verdict ? ` ${verdict.reason}` : '';
    const facts = verdict?.facts ?? {};
    if (superseded) {
      const reason = `${stood}; version ${desk.supersededBy} ended its watch.${figures}`;
      return { outcome: 'done', reason, version, facts };
    }
    if (now >= until) {
      return { outcome: 'done', reason: `${stood} and has stood its watch.${figures}`, version, facts };
    }
    next = Math.min(until, now + DAY_SECONDS);
    if (isHistoryLong(EVENTS_BEFORE_CONTINUING)) await continueAsNew({ previous, since, until, next });
  }
}

async function worse({ config, version }: DeploymentInput, { reason, facts }: Verdict): Promise<Ending> {
  if (!config.rollback_on_failure) {
    return { outcome: 'done', version, reason: `Left in place, as it was told to. ${reason}`, facts };
  }
  const from = workflowInfo().workflowId;
  const request = { by: WORKFLOWS.deployment, reason: reason.slice(0, 500), from, champion: version };
  const { version: now } = await rollbackChampion({ name: config.model_name, request });
  return { outcome: 'rolled-back', version, reason: `Rolled back to version ${now}. ${reason}`, facts };
}
