import { proxyActivities } from '@temporalio/workflow';
import type { LearningActivities } from '../activities/learning.ts';
import type { DeploymentInput } from '../src/contracts/learning.ts';
import { HOUR_SECONDS, toHourStamp } from '../src/contracts/time.ts';
import { besideOthers, judge, type Verdict } from './candidate-decision.ts';

const { compareVersions } = proxyActivities<LearningActivities>({
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 5 },
});

/**
 * A version held against another one on the hours between two moments, seconds since 1970. Null where there are too few
 * hours to tell: then what validation said stands.
 */
export async function compared(
  { config }: DeploymentInput,
  pair: [number, number],
  { since, now }: { since: number; now: number },
): Promise<Verdict | null> {
  const { model_name: name, regions, performance_threshold: threshold } = config;
  const to = now - HOUR_SECONDS;
  if (to <= since) return null;
  const found = await compareVersions({
    ...{ name, versions: pair, regions, asOf: toHourStamp(now) },
    ...{ from: toHourStamp(since + HOUR_SECONDS), to: toHourStamp(to) },
  });
  const verdict = judge(found, pair, { threshold, regions: regions.length });
  return verdict && besideOthers(verdict, found);
}
