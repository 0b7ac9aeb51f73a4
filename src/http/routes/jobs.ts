import type { FastifyInstance } from 'fastify';
import { jobKind } from '../../contracts/jobs.ts';
import { modelName } from '../../contracts/stages.ts';
import { BadInputError, MissingDataError, quoted } from '../../errors.ts';
import { lastOf, modelsWithJobs, readJobs } from '../../jobs/ledger.ts';
import type { DoorParts } from '../server.ts';

const RECORDS_SHOWN = 100;

/** What has ended, and why so, from the ledger: it answers whether Temporal runs or not. */
export function jobRoutes(app: FastifyInstance, { home }: DoorParts): void {
  app.get('/jobs', async () => {
    const models = (await modelsWithJobs({ home })).map(async (model) => {
      const records = await readJobs({ home }, { model });
      const last = jobKind.options.map((job) => [job, lastOf(records, job) ?? null] as const);
      return { model, last: Object.fromEntries(last) };
    });
    return { jobs: await Promise.all(models) };
  });

  app.get<{ Params: { model: string } }>('/jobs/:model', async ({ params: { model } }) => {
    if (!modelName.safeParse(model).success) {
      throw new BadInputError(`${quoted(model)} is not a model's name.`, 'GET /jobs lists them.');
    }
    const records = await readJobs({ home }, { model });
    if (records.length === 0) {
      throw new MissingDataError(
        `No job of ${model} has ended yet.`,
        'GET /jobs lists the models that had any.',
      );
    }
    return { model, records: records.slice(-RECORDS_SHOWN).toReversed() };
  });
}
