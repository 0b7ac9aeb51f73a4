import { ApplicationFailure } from '@temporalio/common';
import type { z } from 'zod';
import { BadInputError } from '../src/errors.ts';
import { refusal } from '../src/temporal/input.ts';

const TEXT_KEPT = 500;
const BY_KEPT = 120;

/** As long as histories, audits and pages keep a text. */
export const shortened = (text: string, length = TEXT_KEPT) =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text;

/** What whoever sent an update hears. */
export const refusalOf = (reason: string) => ApplicationFailure.nonRetryable(reason, BadInputError.name);

/** Why a request does not fit its contract, as people are told; undefined where it does. */
export function wrongRequest(schema: z.ZodType, body: unknown): string | undefined {
  const reason = refusal(schema, body);
  return reason && `The request is wrong: ${shortened(reason)}.`;
}

/** For validators of updates: what is no request at all is turned away before it becomes part of the history. */
export function refuseUnless(schema: z.ZodType, body: unknown): void {
  const reason = wrongRequest(schema, body);
  if (reason) throw refusalOf(reason);
}

/** Who a request, wrong or not, says that it is from. */
export function claimedBy(body: unknown): string {
  const { by } = (body ?? {}) as { by?: unknown };
  return typeof by === 'string' && by !== '' ? shortened(by, BY_KEPT) : 'unknown';
}
