import { z } from 'zod';
import { alertEvent, alertFacts, severity, silenceRequest } from '../contracts/alerts.ts';
import { auditEvent } from '../contracts/audit.ts';

/** A moment of an incident's own clock: the real one, or in a simulation the observer's. */
const ms = z.number();

export const incident = z.strictObject({
  id: z.string(),
  /** By the real clock. */
  openedAt: z.string(),
  since: ms,
  /** Of the newest observation that held. */
  lastAsOf: ms,
  severity,
  says: z.string(),
  /** The rule's condition with the values of what it names; of incidents that are older than this, absent. */
  because: z.string().optional(),
  facts: alertFacts,
  /** Observations that held since. */
  seen: z.number().int(),
  /** Channels that were told, or are about to be. */
  notified: z.array(z.string()),
  /** Channels that should have been told and are not configured. */
  notSent: z.array(z.string()),
  /** When telling first was due, from which escalation counts, and when it was last told. */
  dueAt: ms.nullable(),
  toldAt: ms.nullable(),
  escalated: z.boolean(),
  acknowledged: z.strictObject({ by: z.string(), at: z.string(), why: z.string() }).nullable(),
});
export type Incident = z.infer<typeof incident>;

/** What a rule knows of a model, and of each of its jobs where the rule tells them apart. */
export const track = z.strictObject({
  rule: z.string(),
  model: z.string(),
  labels: alertFacts,
  /** Observations in a row that held. */
  held: z.number().int(),
  asOf: ms,
  source: z.string(),
  simulated: z.boolean(),
  undecided: z.string().nullable(),
  incident: incident.nullable(),
});
export type Track = z.infer<typeof track>;

export const notice = z.strictObject({
  kind: z.enum(['fired', 'repeated', 'escalated', 'acknowledged', 'recovered', 'test']),
  incident: z.string(),
  rule: z.string(),
  model: z.string(),
  labels: alertFacts,
  severity,
  condition: z.string(),
  /** The condition with the values of what it names, as long as it holds. */
  because: z.string().optional(),
  says: z.string(),
  facts: alertFacts,
  /** When the incident began and when this holds, both by its own clock; `at` by the real one. */
  since: z.string(),
  asOf: z.string(),
  at: z.string(),
  simulated: z.boolean(),
});
export type Notice = z.infer<typeof notice>;

export const delivery = z.strictObject({
  /** Written before it is sent and sent along, so that who gets it twice can tell. */
  id: z.string(),
  channel: z.string(),
  notice,
  state: z.enum(['waiting', 'sent', 'not-sent', 'given-up']),
  attempts: z.number().int(),
  /** By the real clock, as all of a delivery. */
  createdAt: ms,
  nextAt: ms,
  /** Who is sending it, and until when nobody else does. */
  claim: z.strictObject({ by: z.string(), until: ms }).nullable(),
  settledAt: ms.nullable(),
  says: z.string(),
});
export type Delivery = z.infer<typeof delivery>;

/** `alerts/state.json`: all there is to know about alerts, whoever sees and sends them. */
export const alertState = z.strictObject({
  formatVersion: z.literal(1),
  /** Tells the incidents of this home from those of another. */
  origin: z.string(),
  sequence: z.number().int(),
  /** Where the newest simulated observation stands. */
  simulatedNow: ms.nullable(),
  tracks: z.array(track),
  silences: z.array(silenceRequest),
  outbox: z.array(delivery),
  /** Newest first. */
  events: z.array(alertEvent),
  /** Facts that observations had so far: a rule that names another can never be decided. */
  seen: z.record(z.string(), z.string()),
  /** Messages that were taken in, and what came of them. */
  applied: z.array(z.strictObject({ id: z.string(), says: z.string(), refused: z.boolean() })),
  /** Written here with what they tell of, handed to the audit after. */
  unaudited: z.array(auditEvent),
});
export type AlertState = z.infer<typeof alertState>;

export const emptyState = (origin: string): AlertState => ({
  formatVersion: 1,
  origin,
  sequence: 0,
  simulatedNow: null,
  tracks: [],
  silences: [],
  outbox: [],
  events: [],
  seen: {},
  applied: [],
  unaudited: [],
});

const KEPT = {
  tracks: 1000,
  settled: 200,
  waiting: 1000,
  events: 200,
  seen: 300,
  applied: 500,
  unaudited: 1000,
};

/** What has ended is kept for a while; what fires or waits is kept first. */
export function bounded(state: AlertState): AlertState {
  const waiting = state.outbox.filter((each) => each.state === 'waiting').slice(-KEPT.waiting);
  const settled = state.outbox.filter((each) => each.state !== 'waiting').slice(-KEPT.settled);
  const kept = new Set([...waiting, ...settled]);
  const firing = state.tracks.filter((each) => each.incident !== null);
  const quiet = state.tracks
    .filter((each) => each.incident === null)
    .toSorted((a, b) => b.asOf - a.asOf)
    .slice(0, Math.max(0, KEPT.tracks - firing.length));
  const tracks = new Set([...firing, ...quiet]);
  return {
    ...state,
    tracks: state.tracks.filter((each) => tracks.has(each)),
    outbox: state.outbox.filter((each) => kept.has(each)),
    events: state.events.slice(0, KEPT.events),
    seen: Object.fromEntries(Object.entries(state.seen).slice(0, KEPT.seen)),
    applied: state.applied.slice(-KEPT.applied),
    unaudited: state.unaudited.slice(-KEPT.unaudited),
  };
}
