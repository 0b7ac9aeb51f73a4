import { ApplicationFailure } from '@temporalio/workflow';
import { z } from 'zod';
import {
  canaryRequest,
  endCanaryRequest,
  promoteRequest,
  rollbackRequest,
  type LifecycleEvent,
} from '../src/contracts/lifecycle.ts';
import { BadInputError } from '../src/errors.ts';
import { refusal } from '../src/temporal/input.ts';

const BY_KEPT = 120;
const FROM_KEPT = 300;
const REASON_KEPT = 500;

const registeredNotice = z.strictObject({ version: z.number().int().positive() });

const SCHEMAS = {
  registered: registeredNotice,
  promote: promoteRequest,
  rollback: rollbackRequest,
  canary: canaryRequest,
  endCanary: endCanaryRequest,
};
export type WishKind = keyof typeof SCHEMAS;

/**
 * What somebody asked for, checked when it came, so that what waits is small: what does not fit its contract waits as
 * its own refusal. `ticket` leads the answer of an update back to who waits, and nobody waits for a signal's.
 */
export interface Wish {
  kind: WishKind;
  body: unknown;
  refusal?: string;
  ticket?: number;
}

export type Asked<Kind extends WishKind> = z.infer<(typeof SCHEMAS)[Kind]>;

/** The wish with its body as the contract has it, or with the reason of its refusal and little else of its body. */
export function checked({ kind, body, refusal: wrong, ticket }: Wish): Wish {
  const schema = SCHEMAS[kind];
  const reason = wrong ?? refusal(schema, body);
  if (reason === undefined) return { kind, body: schema.parse(body ?? {}), ticket };
  return { kind, body: claimsOf(body), refusal: shortened(reason), ticket };
}

/** What a request that is wrong says of itself, as far as an event can keep it. */
export function claimsOf(body: unknown): { version: number | null; by: string; from?: string } {
  const { version, by, from } = (body ?? {}) as { version?: unknown; by?: unknown; from?: unknown };
  const textOf = (value: unknown, length: number) =>
    typeof value === 'string' && value !== '' ? shortened(value, length) : undefined;
  const door = textOf(from, FROM_KEPT);
  return {
    version: Number.isSafeInteger(version) ? (version as number) : null,
    by: textOf(by, BY_KEPT) ?? 'unknown',
    ...(door !== undefined && { from: door }),
  };
}

/** Who asked, why, and by which door, as an event keeps it. */
export function eventOf(
  kind: LifecycleEvent['kind'],
  { body, ticket }: Pick<Wish, 'body' | 'ticket'>,
  reason: string,
): Omit<LifecycleEvent, 'version' | 'previous'> {
  const { by, from = ticket === undefined ? 'signal' : 'update' } = claimsOf(body);
  return { at: new Date().toISOString(), kind, by, identity: 'claimed', reason, from };
}

export const shortened = (text: string, length = REASON_KEPT) =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text;

export const refusalOf = (reason: string) => ApplicationFailure.nonRetryable(reason, BadInputError.name);

/** For validators of updates: the caller hears of it and nothing else does. */
export const refuseUnless =
  (kind: WishKind) =>
  (body: unknown): void => {
    const reason = refusal(SCHEMAS[kind], body);
    if (reason) throw refusalOf(`The request is wrong: ${shortened(reason)}.`);
  };
