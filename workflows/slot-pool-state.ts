import type {
  LeaseOwner,
  LeaseReference,
  LeaseRequest,
  PooledSlot,
  SlotLease,
  SlotPoolInput,
  SlotPoolState,
  SlotRegistration,
  SlotSession,
} from '../src/contracts/slot-pool.ts';

/** The rules of a slot pool, as plain functions over its state; times are milliseconds since 1970. */
export const emptyPool = (): SlotPoolState => ({ slots: [], leases: [], waiting: [] });

/**
 * A slot that was lost is believed to live when it is heard of so long after that, doubled with each loss: whoever is
 * lost again and again registers, yet does not work.
 */
const BELIEVED_AFTER_MS = 1000;
const LONGEST_DISBELIEF_MS = 300_000;

/** Returns the lease that held the slot's earlier process, which is gone: its owner need not wait for it any more. */
export function register(
  pool: SlotPoolState,
  { slot, session }: SlotRegistration,
  now: number,
): SlotLease | undefined {
  const known = pool.slots.find((other) => other.slot.queue === slot.queue);
  const before = known?.session === session ? known : undefined;
  const entry: PooledSlot = {
    slot,
    session,
    lastSeen: now,
    draining: known?.draining ?? false,
    lost: before !== undefined && before.lost && now - before.lostAt < disbelief(before),
    lostAt: before?.lostAt ?? 0,
    losses: before?.losses ?? 0,
  };
  pool.slots = [...pool.slots.filter((other) => other !== known), entry].sort(byQueue);
  if (!known || before) return undefined;
  return pool.leases.find(({ slots }) => slots.some((leased) => isSession(known, leased)));
}

export function leave(pool: SlotPoolState, gone: SlotSession): void {
  pool.slots = pool.slots.filter((entry) => !isSession(entry, gone));
}

/** Says nothing of a process that was started since. */
export function markLost(pool: SlotPoolState, lost: SlotSession, now: number): void {
  for (const entry of pool.slots) {
    if (!isSession(entry, lost)) continue;
    Object.assign(entry, { lost: true, lostAt: now, losses: entry.losses + 1 });
  }
}

export function drain(pool: SlotPoolState, request: { queue: string; drain: boolean }): void {
  for (const entry of pool.slots) if (entry.slot.queue === request.queue) entry.draining = request.drain;
}

/** A repeated request keeps its place. One that replaces a lease comes before those that hold nothing yet. */
export function ask(pool: SlotPoolState, request: LeaseRequest): void {
  if (grantedTo(pool, request) || pool.waiting.some(({ requestId }) => requestId === request.requestId))
    return;
  const waiting = [...pool.waiting, request];
  pool.waiting = [
    ...waiting.filter(({ replaces }) => replaces !== undefined),
    ...waiting.filter(({ replaces }) => replaces === undefined),
  ];
}

/**
 * A pool that was started anew takes a lease over as it is. Slots that others hold by now stay with them; they are
 * returned, for the lease's owner to know.
 */
export function renew(
  pool: SlotPoolState,
  lease: SlotLease,
  now: number,
  rules: SlotPoolInput,
): readonly SlotSession[] {
  const expiresAt = now + rules.leaseSeconds * 1000;
  const known = pool.leases.find(({ requestId }) => requestId === lease.requestId);
  if (known) {
    known.expiresAt = expiresAt;
    return [];
  }
  const taken = lease.slots.filter(({ queue }) => holderOf(pool, queue));
  if (taken.length === 0) pool.leases.push({ ...lease, expiresAt });
  return taken;
}

export function release(pool: SlotPoolState, { requestId }: LeaseReference): void {
  pool.leases = pool.leases.filter((lease) => lease.requestId !== requestId);
  pool.waiting = pool.waiting.filter((request) => request.requestId !== requestId);
}

/** Forgets slots that have fallen silent and leases that nobody renewed. */
export function expire(pool: SlotPoolState, now: number, rules: SlotPoolInput): void {
  pool.slots = pool.slots.filter(({ lastSeen }) => now - lastSeen <= rules.ttlSeconds * 1000);
  pool.leases = pool.leases.filter(({ expiresAt }) => expiresAt > now);
}

export function reclaim(pool: SlotPoolState, closed: readonly LeaseOwner[]): void {
  const gone = new Set(closed.map(ownerKey));
  pool.leases = pool.leases.filter(({ owner }) => !gone.has(ownerKey(owner)));
  pool.waiting = pool.waiting.filter(({ owner }) => !gone.has(ownerKey(owner)));
}

export function grantedTo(
  pool: SlotPoolState,
  { requestId }: Pick<LeaseRequest, 'requestId'>,
): SlotLease | undefined {
  return pool.leases.find((lease) => lease.requestId === requestId);
}

export const holderOf = (pool: SlotPoolState, queue: string): SlotLease | undefined =>
  pool.leases.find(({ slots }) => slots.some((slot) => slot.queue === queue));

export const isUsable = ({ draining, lost }: PooledSlot) => !draining && !lost;

const isSession = (entry: PooledSlot, { queue, session }: SlotSession) =>
  entry.slot.queue === queue && entry.session === session;

const disbelief = ({ losses }: PooledSlot) =>
  Math.min(LONGEST_DISBELIEF_MS, BELIEVED_AFTER_MS * 2 ** Math.max(0, losses - 1));

const ownerKey = ({ workflowId, firstRunId }: LeaseOwner) => `${workflowId}\n${firstRunId}`;

const byQueue = (a: PooledSlot, b: PooledSlot) => (a.slot.queue < b.slot.queue ? -1 : 1);
