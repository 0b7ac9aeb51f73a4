import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { abAccount, abResult, abTestRecord } from '../../contracts/ab-test.ts';
import { modelName } from '../../contracts/stages.ts';
import { addRoute } from '../../http/route.ts';
import { trafficOutcomes } from './outcome.ts';
import type { Outcomes } from './outcomes.ts';

const path = z.strictObject({ name: modelName.describe('A registered model: the control of the test') });

/** The A/B test that answers for a model: how it stands, and what came of its answers. */
export function outcomeRoutes(app: FastifyInstance, { outcomes }: { outcomes: Outcomes }): void {
  addRoute(
    app,
    {
      ...{ method: 'GET', url: '/models/:name/ab-test', role: 'viewer', tag: 'models', path },
      summary: 'The A/B test that answers for a model',
      refusals: [404],
      answer: {
        says: 'Who is compared, and what the outcomes say',
        schema: z.strictObject({ record: abTestRecord, result: abResult }),
      },
    },
    ({ path: { name } }) => outcomes.standing(name),
  );
  addRoute(
    app,
    {
      ...{ method: 'POST', url: '/models/:name/ab-test/outcomes', role: 'operator', tag: 'models', path },
      summary: 'What came of answers that an A/B test dealt',
      about:
        'By the request id that an answer came with, by the user, or both. The first outcome of a request counts, ' +
        'and of a user who is told of without a request.',
      body: trafficOutcomes,
      examples: {
        rating: { outcomes: [{ user: 'ada', value: 4 }] },
        classified: { outcomes: [{ request: '1f2e3d4c', predicted: true, actual: false }] },
      },
      refusals: [404],
      answer: {
        says: 'How many were taken, and why others were not',
        schema: abAccount.extend({ test: modelName }),
      },
    },
    ({ path: { name }, body }) => outcomes.tell(name, body.outcomes),
  );
}
