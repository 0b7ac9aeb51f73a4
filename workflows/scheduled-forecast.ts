import { proxyActivities } from '@temporalio/workflow';
import type { ForecastActivities } from '../activities/forecast.ts';
import type { ScheduledInput } from '../src/contracts/schedules.ts';
import { WORKFLOWS } from '../src/temporal/names.ts';
import type { Ending } from './job-ending.ts';
import { scheduledJob, type ScheduledResult } from './scheduled-job.ts';
import { counted } from '../src/errors.ts';

const { issueForecast } = proxyActivities<ForecastActivities>({
  // Cold, with a record of ten years to read; warm it takes seconds.
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 5 },
});

/** Forecasts the next day of every region by the model that answers; the manifest stays. */
export const scheduledForecastWorkflow = (raw?: unknown): Promise<ScheduledResult> =>
  scheduledJob(
    raw,
    { workflow: WORKFLOWS.scheduledForecast, job: 'forecast', title: 'Forecast of the next day' },
    issue,
  );

async function issue({ config: { model_name: name, regions }, asOf }: ScheduledInput): Promise<Ending> {
  const { dataset, reused, model, answeredBy, answers } = await issueForecast({ name, regions, asOf });
  const issued = answers.map(({ issuedAt }) => issuedAt).toSorted();
  const newest = issued.at(-1) ?? 'never';
  const facts = {
    forecast: dataset.uri,
    regions: answers.length,
    issuedAt: newest,
    answeredBy: answeredBy.role,
  };
  const { version } = model;
  if (reused) {
    const reason = `${answers.map(({ region }) => region).join(', ')}: no later issue than ${newest} UTC, and its forecast by version ${version} is there already.`;
    return { outcome: 'skipped', reason, version, facts };
  }
  const reason = `${counted(answers.length, 'region')}, issued to ${newest} UTC by version ${version} (${answeredBy.role}).`;
  return { outcome: 'done', reason, version, facts };
}
