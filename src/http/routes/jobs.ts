import type { FastifyInstance } from 'fastify';
import { jobKind } from '../../contracts/jobs.ts';
import { MissingDataError } from '../../errors.ts';
import { lastOf, modelsWithJobs, readJobs } from '../../jobs/ledger.ts';
import { byModel, jobHistory, jobList } from '../contracts/work.ts';
import { addRoute } from '../route.ts';
import type { DoorParts } from '../server.ts';

const RECORDS_SHOWN = 100;

/** What has ended, and why so, from the ledger: it answers whether Temporal runs or not. */
export function jobRoutes(app: FastifyInstance, { home }: DoorParts): void {
  addRoute(
    app,
    {
      ...{ method: 'GET', url: '/jobs', role: 'viewer', tag: 'work' },
      summary: 'How the jobs of each model ended last',
      answer: { says: 'By model and kind of job', schema: jobList },
    },
    async () => {
      const models = (await modelsWithJobs({ home })).map(async (model) => {
        const records = await readJobs({ home }, { model });
        const last = jobKind.options.map((job) => [job, lastOf(records, job) ?? null] as const);
        return { model, last: Object.fromEntries(last) };
      });
      return { jobs: await Promise.all(models) };
    },
  );

  addRoute(
    app,
    {
      ...{ method: 'GET', url: '/jobs/:model', role: 'viewer', tag: 'work' },
      summary: 'What has been done for a model',
      path: byModel,
      answer: { says: 'What has ended, and why so', schema: jobHistory },
      refusals: [404],
    },
    async ({ path: { model } }) => {
      const records = await readJobs({ home }, { model });
      if (records.length === 0) {
        throw new MissingDataError(
          `No job of ${model} has ended yet.`,
          'GET /jobs lists the models that had any.',
        );
      }
      return { model, records: records.slice(-RECORDS_SHOWN).toReversed() };
    },
  );
}
