import { z } from 'zod';
import { requestName, unitIn, unitKey, unitOf } from '../../ab-test/route.ts';
import { abOutcome, MOST_OUTCOMES, type ABOutcome } from '../../contracts/ab-test.ts';
import { requestId } from '../../contracts/stages.ts';

const came = abOutcome.omit({ request: true }).extend({
  at: z.iso.datetime({ offset: true }).optional().describe('Default: now'),
});
const request = requestId.describe(
  'As the answer named it to the test, or with its user the id that it came with',
);
const user = z
  .string()
  .min(1)
  .max(200)
  .describe('Whom the request named as its user; alone: one outcome for all of his requests');

/** What came of an answer, told by the request, by the user, or by both. */
const trafficOutcome = z.union([came.extend({ request, user: user.optional() }), came.extend({ user })]);
export type TrafficOutcome = z.infer<typeof trafficOutcome>;

export const trafficOutcomes = z.strictObject({
  outcomes: z.array(trafficOutcome).min(1).max(MOST_OUTCOMES),
});

/** By the request's name in the test; of a user without one, by one name for all of his. */
export function told(test: string, outcome: TrafficOutcome): ABOutcome {
  const { user: named, ...came } = outcome;
  const id = 'request' in outcome ? outcome.request : '';
  const isNamed = named === undefined || unitIn(id) === unitKey(test, unitOf(id, named));
  return { ...came, request: isNamed ? id : requestName(test, id, named) };
}
