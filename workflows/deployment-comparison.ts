import { proxyActivities } from '@temporalio/workflow';
import type { LearningActivities } from '../activities/learning.ts';
import type { Comparison, DeploymentInput } from '../src/contracts/learning.ts';
import { HOUR_SECONDS, toHourStamp } from '../src/contracts/time.ts';
import { judge, type Verdict } from './candidate-decision.ts';

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

/** What whoever reads it wants to know next: what the operator and a persistence made of the same hours. */
export function besideOthers(verdict: Verdict, { operatorMape, persistenceMape }: Comparison): Verdict {
  const others = [
    ...(operatorMape === null ? [] : [`the operator's forecast ${operatorMape.toFixed(3)} %`]),
    ...(persistenceMape === null ? [] : [`persistence ${persistenceMape.toFixed(3)} %`]),
  ];
  if (others.length === 0) return verdict;
  return {
    ...verdict,
    reason: `${verdict.reason} On the same hours: ${others.join(', ')}.`,
    facts: {
      ...verdict.facts,
      ...(operatorMape !== null && { operator_mape: Number(operatorMape.toFixed(5)) }),
      ...(persistenceMape !== null && { persistence_mape: Number(persistenceMape.toFixed(5)) }),
    },
  };
}
