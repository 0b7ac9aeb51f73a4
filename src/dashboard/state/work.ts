import type { JobRecord } from '../../contracts/jobs.ts';
import { modelsWithJobs, readJobs } from '../../jobs/ledger.ts';
import type { Home } from '../../lake/home.ts';
import type { LastingConnection } from '../../temporal/lasting-connection.ts';
import { overviewOf, type Overview } from '../../temporal/overview.ts';

const ASK_SECONDS = 4;
const RECORDS_SHOWN = 15;
/** Of a training, as the page shows it. */
const RUNNING_SHOWN = 30;

export type Running = Pick<Overview, 'slots' | 'waiting' | 'schedules' | 'pollers'> & {
  jobs: Overview['jobs'];
  /** Jobs that run and are not shown. */
  more: number;
};

/** What runs now; throws where Temporal does not answer. */
export async function runningWork(temporal: Pick<LastingConnection, 'ask'>): Promise<Running> {
  const { jobs, ...rest } = await temporal.ask(ASK_SECONDS, overviewOf);
  return { ...rest, jobs: jobs.slice(0, RUNNING_SHOWN), more: Math.max(0, jobs.length - RUNNING_SHOWN) };
}

/** How work ended, newest first, from the ledger: it answers whether Temporal runs or not. */
export async function endedWork(home: Home, model: string | undefined): Promise<JobRecord[]> {
  const all = await modelsWithJobs({ home });
  const models = model === undefined ? all : all.filter((name) => name === model);
  const records = await Promise.all(models.map((name) => readJobs({ home }, { model: name })));
  return records
    .flat()
    .sort((a, b) => (a.endedAt < b.endedAt ? 1 : -1))
    .slice(0, RECORDS_SHOWN);
}
