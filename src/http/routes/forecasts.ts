import type { FastifyInstance } from 'fastify';
import type { ABAccount, ABOutcome } from '../../contracts/ab-test.ts';
import { forecastInput, requestId } from '../../contracts/stages.ts';
import { noteOutcomes } from '../../ab-test/journal.ts';
import { requireTest } from '../../ab-test/store.ts';
import { MissingDataError } from '../../errors.ts';
import type { Forecasts } from '../../serving/forecasts/forecasts.ts';
import { nudgeABTest } from '../../temporal/ab-tests.ts';
import { forecastExample } from '../contracts/examples.ts';
import {
  forecastAnswer,
  forecastPath,
  forecastQuery,
  ratingAnswer,
  ratingBody,
  ratingPath,
} from '../contracts/forecasts.ts';
import { answerOf } from '../forecast-answer.ts';
import { HttpProblem } from '../problem.ts';
import { addRoute } from '../route.ts';
import type { DoorParts } from '../server.ts';

const NUDGE_SECONDS = 3;
/** What forecasts are counted by beside the signatures of predictions. */
const SIGNATURE = 'forecast';
const CURE = 'Rate what a running test dealt, by the id that it came with.';

export function forecastRoutes(app: FastifyInstance, parts: DoorParts, forecasts: Forecasts): void {
  addRoute(
    app,
    {
      ...{ method: 'GET', url: '/forecast/:region', role: 'viewer', tag: 'forecasts' },
      summary: 'The demand of a region in the hours to come',
      about:
        'By the model that answers for it, from all that was known at the issue time and nothing else; the inputs come from the home. Computed once: the same issue is answered from the file.',
      path: forecastPath,
      query: forecastQuery,
      answer: {
        says: 'Hours with quantiles in MW, times in UTC and by the region’s clock',
        schema: forecastAnswer,
        example: forecastExample,
      },
      refusals: [404, 409, 429, 503, 504],
    },
    async ({ path: { region }, query, signal, request }) => {
      const { horizon, issue_time: issueTime, model = 'day-ahead', user } = query;
      const [name, version] = model.split('@') as [string, string?];
      const input = forecastInput.parse({
        ...{ name, regions: [region], user },
        ...(version !== undefined && { version: Number(version) }),
        ...(issueTime !== undefined && { issuedAt: issueTime.slice(0, 13) }),
      });
      const started = performance.now();
      const result = await forecasts.ask(input, signal);
      const most = result.rows.length;
      if (horizon !== undefined && horizon > most) {
        throw new HttpProblem(
          400,
          'horizon',
          `${result.model.name} version ${result.model.version} answers ${most} hours of ${region} from that issue, not ${horizon}.`,
          `Give a horizon of 1 to ${most}, or none.`,
        );
      }
      parts.observer?.callEnded?.({
        ...{ requestId: request.id, door: 'http', caller: request.caller.name },
        ...{ model: result.model.name, version: result.model.version, signature: SIGNATURE },
        ...{ code: 'OK', seconds: (performance.now() - started) / 1000, rows: 1 },
      });
      return answerOf(result, region, horizon ?? most, request.id);
    },
  );

  addRoute(
    app,
    {
      ...{ method: 'POST', url: '/forecasts/:id/rating', role: 'viewer', tag: 'forecasts' },
      summary: 'How good a forecast was',
      about:
        'Counts as the outcome of a call that an A/B test dealt, once; `rating` of a forecast has the address.',
      ...{ path: ratingPath, body: ratingBody },
      examples: { good: { rating: 4 } },
      answer: { says: 'Whether it was taken', schema: ratingAnswer },
      refusals: [404, 409],
    },
    async ({ path: { id }, body: { rating } }) => {
      const { test, request } = dealt(id);
      await requireTest(parts.home, test);
      const outcome = { request, value: rating };
      const account = await take(parts, test, outcome);
      requireTaken(account);
      // Whoever does not run looks at the files when it does.
      if (account.taken > 0)
        await parts.temporal.ask(NUDGE_SECONDS, (client) => nudgeABTest(client, test)).catch(() => {});
      return { test, request, taken: account.taken > 0 };
    },
  );
}

/** What this process or another has just answered may not stand in the journal yet: `outcomes` waits for it. */
async function take({ home, outcomes }: DoorParts, test: string, outcome: ABOutcome): Promise<ABAccount> {
  if (outcomes) return outcomes.tellTest(test, [outcome]);
  return (await noteOutcomes(home, test, [outcome], new Date().toISOString())).account;
}

function dealt(id: string): { test: string; request: string } {
  const colon = id.indexOf(':');
  const [test, request] = [id.slice(0, colon), id.slice(colon + 1)];
  if (requestId.safeParse(request).success) return { test, request };
  throw new MissingDataError('No test dealt that request.', CURE);
}

function requireTaken({ refused, refusals }: ABAccount): void {
  if (refused === 0) return;
  const reason = refusals[0]?.reason ?? 'it does not count';
  if (reason.includes('ended'))
    throw new HttpProblem(409, 'refused', `The rating was refused: ${reason}.`, CURE);
  throw new MissingDataError(`The rating was refused: ${reason}.`, CURE);
}
