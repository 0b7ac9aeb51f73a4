import type { AlertState, Delivery } from '../state.ts';

/** A delivery is given up when its channel has failed for so long; it is tried once in any case. */
export const GIVE_UP_MS = 24 * 3_600_000;
/** Longer than any attempt takes: who is gone after that has died with it. */
export const CLAIM_MS = 120_000;
/** Most claims end long before that, so that who waits for one looks sooner. */
const LOOK_AGAIN_MS = 5000;
const FIRST_DELAY_MS = 2000;
const LONGEST_DELAY_MS = 900_000;

export type Claim =
  | { kind: 'send'; state: AlertState; delivery: Delivery }
  /** Somebody else is sending it, it failed a moment ago, or what the channel should hear first is not out yet. */
  | { kind: 'wait'; until: number; why: string }
  | { kind: 'settled'; delivery: Delivery }
  | { kind: 'gone' };

/** Takes a delivery to be sent, so that of two processes one sends it. */
export function claim(before: AlertState, id: string, by: string, now: number): Claim {
  const at = before.outbox.findIndex((each) => each.id === id);
  const found = before.outbox[at];
  if (!found) return { kind: 'gone' };
  if (found.state !== 'waiting') return { kind: 'settled', delivery: found };
  const wait = waitOf(before, at, by, now);
  if (wait) return { kind: 'wait', ...wait };
  const state = structuredClone(before);
  const delivery = state.outbox[at]!;
  delivery.claim = { by, until: now + CLAIM_MS };
  return { kind: 'send', state, delivery };
}

function waitOf(
  { outbox }: AlertState,
  at: number,
  by: string,
  now: number,
): { until: number; why: string } | undefined {
  const { claim: held, nextAt, says } = outbox[at]!;
  if (held && held.until > now && held.by !== by)
    return { until: Math.min(held.until, now + LOOK_AGAIN_MS), why: `${held.by} is sending it` };
  const earlier = outbox.slice(0, at).find((each) => precedes(each, outbox[at]!));
  // A pager that hears of the end first would open the incident again, for ever.
  if (earlier)
    return { until: Math.max(earlier.nextAt, now + FIRST_DELAY_MS), why: `${earlier.id} goes first` };
  return nextAt > now ? { until: nextAt, why: says } : undefined;
}

/** Of what one channel hears of one incident, the order counts. */
const precedes = (a: Delivery, b: Delivery) =>
  a.state === 'waiting' && a.channel === b.channel && a.notice.incident === b.notice.incident;

export const settleSent = (before: AlertState, id: string, now: number, says = ''): AlertState =>
  changed(before, id, (delivery) => {
    Object.assign(delivery, { state: 'sent', settledAt: now, attempts: delivery.attempts + 1, says });
  });

/** It failed: it is tried again, later each time, or given up after a day of that. */
export const settleFailed = (before: AlertState, id: string, why: string, now: number): AlertState =>
  changed(before, id, (delivery, state) => {
    const attempts = delivery.attempts + 1;
    const says = why.slice(0, 500);
    if (now - delivery.createdAt < GIVE_UP_MS) {
      const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempts - 1));
      Object.assign(delivery, { attempts, nextAt: now + delay, says });
      return;
    }
    Object.assign(delivery, { state: 'given-up', attempts, settledAt: now, says });
    const { incident, rule, model, severity, asOf } = delivery.notice;
    const about = { incident, rule, model, severity, asOf, by: 'ringwatt', at: new Date(now).toISOString() };
    const event = `given up after ${attempts} attempts: ${delivery.channel}: ${says}`;
    state.events.unshift({ ...about, what: 'undelivered', says: event });
  });

/** Who stops in the middle of it lets others have it at once. */
export const release = (before: AlertState, id: string): AlertState => changed(before, id, () => {});

function changed(
  before: AlertState,
  id: string,
  change: (delivery: Delivery, state: AlertState) => void,
): AlertState {
  const state = structuredClone(before);
  const delivery = state.outbox.find((each) => each.id === id);
  // Another may have settled it, and it may be forgotten since.
  if (!delivery || delivery.state !== 'waiting') return state;
  delivery.claim = null;
  change(delivery, state);
  return state;
}
