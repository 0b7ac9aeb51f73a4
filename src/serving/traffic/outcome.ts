import { z } from 'zod';
import type { ToldOutcome } from '../../ab-test/evaluation.ts';
import { unitKey, unitOf } from '../../ab-test/route.ts';
import { abOutcome, MOST_OUTCOMES } from '../../contracts/ab-test.ts';
import { requestId } from '../../contracts/stages.ts';

const came = abOutcome.omit({ request: true }).extend({
  at: z.iso.datetime({ offset: true }).optional().describe('Default: now'),
});
const request = requestId.describe('The id that the answer came with');
const user = z
  .string()
  .min(1)
  .max(200)
  .describe('Whom the request named as its user; alone: one outcome for all of his requests');

/** What came of an answer, told by the request, by the user, or by both. */
export const trafficOutcome = z.union([
  came.extend({ request, user: user.optional() }),
  came.extend({ user }),
]);
export type TrafficOutcome = z.infer<typeof trafficOutcome>;

export const trafficOutcomes = z.strictObject({
  outcomes: z.array(trafficOutcome).min(1).max(MOST_OUTCOMES),
});

/** As the journal has it: a user by his pseudonym, by which an outcome without a request is named as well. */
export function toldOf(test: string, outcome: TrafficOutcome): ToldOutcome {
  const { user: named, ...told } = outcome;
  if (named === undefined) return told as ToldOutcome;
  const unit = unitKey(test, unitOf('', named));
  return { ...told, unit, request: 'request' in outcome ? outcome.request : `user:${unit}` };
}
