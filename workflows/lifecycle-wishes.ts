import { z } from 'zod';
import {
  canaryRequest,
  endCanaryRequest,
  promoteRequest,
  rollbackRequest,
  type LifecycleEvent,
  type PromoteRequest,
} from '../src/contracts/lifecycle.ts';
import type { VouchedRequest } from '../src/contracts/voucher.ts';
import { refusal } from '../src/temporal/input.ts';
import { claimedBy, refuseUnless, shortened } from './refusals.ts';

const FROM_KEPT = 300;

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
  const { version, from } = (body ?? {}) as { version?: unknown; from?: unknown };
  const door = typeof from === 'string' && from !== '' ? shortened(from, FROM_KEPT) : undefined;
  return {
    version: Number.isSafeInteger(version) ? (version as number) : null,
    by: claimedBy(body),
    ...(door !== undefined && { from: door }),
  };
}

/** Who asked, why, and by which door, as an event keeps it. */
export function eventOf(
  kind: LifecycleEvent['kind'],
  wish: Pick<Wish, 'body' | 'ticket'> & Partial<Wish>,
  reason: string,
): Omit<LifecycleEvent, 'version' | 'previous'> {
  const { by, from = wish.ticket === undefined ? 'signal' : 'update' } = claimsOf(wish.body);
  const identity = vouchedOf(wish) ? 'authenticated' : 'claimed';
  return { at: new Date().toISOString(), kind, by, identity, reason, from };
}

/** The request with its door's voucher, where it has one; whether it is good, whoever writes the files finds out. */
export function vouchedOf({ kind, body }: Partial<Wish>): VouchedRequest | undefined {
  const { voucher, version = null } = (body ?? {}) as Partial<PromoteRequest>;
  return kind && voucher && { kind, version, voucher };
}

export const refuseUnlessWish = (kind: WishKind) => (body: unknown) => refuseUnless(SCHEMAS[kind], body);
