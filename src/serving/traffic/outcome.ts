import { z } from 'zod';
import type { ToldOutcome } from '../../ab-test/evaluation.ts';
import { unitKey, unitOf } from '../../ab-test/route.ts';
import { abOutcome, MOST_OUTCOMES } from '../../contracts/ab-test.ts';
import { requestId } from '../../contracts/stages.ts';

/** What came of an answer, told by the request, by the user, or by both. */
export const trafficOutcome = abOutcome
  .extend({
    request: requestId.optional().describe('The id that the answer came with'),
    user: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('Whom the request named as its user; alone: one outcome for all of his requests'),
  })
  .refine(({ request, user }) => request !== undefined || user !== undefined, {
    error: 'neither request nor user is given',
  });
export type TrafficOutcome = z.infer<typeof trafficOutcome>;

export const trafficOutcomes = z.strictObject({
  outcomes: z.array(trafficOutcome).min(1).max(MOST_OUTCOMES),
});

/** As the journal has it: a user by his pseudonym, by which an outcome without a request is named as well. */
export function toldOf(test: string, { user, request, ...came }: TrafficOutcome): ToldOutcome {
  if (user === undefined) return { ...came, request: request ?? '' };
  const unit = unitKey(test, unitOf('', user));
  return { ...came, unit, request: request ?? `user:${unit}` };
}
