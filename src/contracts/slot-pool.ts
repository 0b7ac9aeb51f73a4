import { z } from 'zod';
import { slotRecord, trainingSettings } from './training.ts';

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
  /** An own lease that ends when this one is granted, and whose slots are kept where they are still usable. */
  replaces: z.string().min(1).max(300).optional(),
  /** Only slots that compute exactly so; absent: any, but all alike. */
  numerics: z.string().max(300).optional(),
  /** Slots that compute differently may be leased together. */
  mixed: z.boolean().optional(),
  device: trainingSettings.shape.device.unwrap().optional(),
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

/** A slot that a request does not get, and why: one line each for people. */
export const passedOverSlot = z.strictObject({ queue: z.string(), why: z.string() });
export type PassedOverSlot = z.infer<typeof passedOverSlot>;

/** Why a request has nothing yet. */
export const leaseWait = z.strictObject({
  position: z.number().int().positive(),
  /** Slots that suit the request and that it could have now. */
  free: z.number().int().nonnegative(),
  /** Slots that suit the request, whoever holds them. */
  suitable: z.number().int().nonnegative(),
  known: z.number().int().nonnegative(),
  passedOver: z.array(passedOverSlot),
});
export type LeaseWait = z.infer<typeof leaseWait>;

/** What a request gets: the slots, or its place in the queue. */
export const leaseAnswer = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('granted'), lease: slotLease }),
  leaseWait.extend({ state: z.literal('waiting') }),
]);
export type LeaseAnswer = z.infer<typeof leaseAnswer>;

/** A slot as the pool sees it now. */
export const pooledSlot = slotRegistration.extend({
  /** Milliseconds since 1970. */
  lastSeen: z.number(),
  draining: z.boolean(),
  /** A run could not reach it; it counts again once it has been heard of some time after that, or has started anew. */
  lost: z.boolean(),
  /** Milliseconds since 1970: when a run last could not reach it; 0: never. */
  lostAt: z.number(),
  /** How often a run could not reach it since its process started. */
  losses: z.number().int().nonnegative(),
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

/** A request in the queue, with what it waits for. */
export const waitingRequest = leaseRequest.extend({ wait: leaseWait });
export type WaitingRequest = z.infer<typeof waitingRequest>;

export const leaseReference = z.strictObject({ requestId: z.string().min(1) });
export type LeaseReference = z.infer<typeof leaseReference>;
