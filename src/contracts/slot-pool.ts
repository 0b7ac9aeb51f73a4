import { z } from 'zod';
import { slotRecord } from './training.ts';

/** What a slot worker tells the pool every few seconds; `session` is new each time its process starts. */
export const slotRegistration = z.strictObject({ slot: slotRecord, session: z.string().min(1).max(80) });
export type SlotRegistration = z.infer<typeof slotRegistration>;

export const slotPoolInput = z.strictObject({
  ttlSeconds: z
    .number()
    .positive()
    .max(3600)
    .default(30)
    .describe('A slot that has not been heard of for so long is gone: three registrations missed'),
  leaseSeconds: z
    .number()
    .positive()
    .max(86_400)
    .default(120)
    .describe('A lease that is not renewed for so long is reclaimed: four renewals missed'),
});
export type SlotPoolInput = z.infer<typeof slotPoolInput>;

/** Whose lease it is. The first run's id stays the same when the owner continues as new. */
export const leaseOwner = z.strictObject({
  workflowId: z.string().min(1).max(300),
  firstRunId: z.string().min(1).max(80),
});
export type LeaseOwner = z.infer<typeof leaseOwner>;

export const leaseRequest = z.strictObject({
  /** The same request keeps its place in the queue, however often it is repeated. */
  requestId: z.string().min(1).max(300),
  owner: leaseOwner,
  count: z.number().int().min(1).max(64).describe('Slots: all of them or none'),
});
export type LeaseRequest = z.infer<typeof leaseRequest>;

/** A slot, and which start of its process was leased: another start knows nothing of the run. */
export const leasedSlot = slotRecord.extend({ session: z.string() });
export type LeasedSlot = z.infer<typeof leasedSlot>;

export const slotLease = z.strictObject({
  requestId: z.string(),
  owner: leaseOwner,
  slots: z.array(leasedSlot),
  /** Milliseconds since 1970. */
  expiresAt: z.number(),
});
export type SlotLease = z.infer<typeof slotLease>;

/** What a request gets: the slots, or its place in the queue. */
export const leaseAnswer = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('granted'), lease: slotLease }),
  z.strictObject({
    state: z.literal('waiting'),
    position: z.number().int().positive(),
    free: z.number().int().nonnegative(),
    known: z.number().int().nonnegative(),
  }),
]);
export type LeaseAnswer = z.infer<typeof leaseAnswer>;

/** A slot as the pool sees it now. */
export const pooledSlot = slotRegistration.extend({
  /** Milliseconds since 1970. */
  lastSeen: z.number(),
  draining: z.boolean(),
  /** A run could not reach it; it counts again once its process has started anew. */
  lost: z.boolean(),
});
export type PooledSlot = z.infer<typeof pooledSlot>;

/** What a pool carries when it continues as new. */
export const slotPoolState = z.strictObject({
  slots: z.array(pooledSlot),
  leases: z.array(slotLease),
  waiting: z.array(leaseRequest),
});
export type SlotPoolState = z.infer<typeof slotPoolState>;

export const drainRequest = z.strictObject({
  queue: z.string().min(1),
  drain: z.boolean().default(true).describe('false takes the slot back into use'),
});
export type DrainRequest = z.infer<typeof drainRequest>;

/** One start of a slot's process. */
export const slotSession = z.strictObject({ queue: z.string().min(1), session: z.string().min(1) });
export type SlotSession = z.infer<typeof slotSession>;

export const leaseReference = z.strictObject({ requestId: z.string().min(1) });
export type LeaseReference = z.infer<typeof leaseReference>;
