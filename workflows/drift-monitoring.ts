import { proxyActivities } from '@temporalio/workflow';
import type { DriftActivities } from '../activities/drift.ts';
import type { ScheduledInput } from '../src/contracts/schedules.ts';
import { isFailureOf } from '../src/temporal/failures.ts';
import { WORKFLOWS } from '../src/temporal/names.ts';
import type { Ending } from './job-ending.ts';
import { scheduledJob, type ScheduledResult } from './scheduled-job.ts';
import { counted, NoChampionError } from '../src/errors.ts';

const { checkDrift } = proxyActivities<DriftActivities>({
  // Cold, with a record of ten years to read; warm it takes a second a region.
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 5 },
});

/** What of many findings a notice can carry. */
const MOST_SENTENCES = 5;

/** Looks at the champion's inputs, answers and errors of the newest days; the alerts are told what was measured. */
export const driftMonitoringWorkflow = (raw?: unknown): Promise<ScheduledResult> =>
  scheduledJob(
    raw,
    { workflow: WORKFLOWS.driftMonitoring, job: 'drift', title: 'Look for drift' },
    async ({ config, asOf }: ScheduledInput): Promise<Ending> => {
      const {
        model_name: name,
        regions,
        data_window_days: windowDays,
        drift_thresholds: thresholds,
      } = config;
      const found = await checkDrift({ name, regions, asOf, windowDays, thresholds }).catch(withoutChampion);
      if (found === null) {
        const reason = `${name} has no champion yet whose drift could be looked for.`;
        return { outcome: 'skipped', reason, version: null };
      }
      const { version } = found.model;
      const facts = { ...found.facts, report: found.dataset.uri };
      if (!found.drifted) {
        const reason = `Nothing of version ${version} has drifted in ${regions.join(', ')} in the ${counted(windowDays, 'day')} before ${found.asOf} UTC.`;
        return { outcome: 'done', reason, version, facts };
      }
      const said = found.findings.slice(0, MOST_SENTENCES).map(({ what }) => what);
      const more = found.findings.length - said.length;
      const reason = [...said, ...(more > 0 ? [`And ${more} more.`] : [])].join(' ');
      return { outcome: 'done', reason, version, facts };
    },
  );

/** Before the first promotion there is nothing to look at, and nothing is wrong. */
function withoutChampion(error: unknown): null {
  if (isFailureOf(error, NoChampionError)) return null;
  throw error;
}
