import { z } from 'zod';
import { modelName } from './stages.ts';

export const severity = z.enum(['info', 'warning', 'critical']);
export type Severity = z.infer<typeof severity>;

/** What expressions name, and what separates one incident of a rule from another. */
export const alertFacts = z
  .record(z.string().min(1).max(60), z.union([z.number(), z.string().max(500), z.boolean()]))
  .refine((facts) => Object.keys(facts).length <= 100, { error: 'has more than 100 facts' });
export type AlertFacts = z.infer<typeof alertFacts>;

/** ISO 8601, or an hour as stages write it: `2019-03-01T02`, which is UTC. */
const moment = z
  .string()
  .max(40)
  .regex(/^\d{4}-\d{2}-\d{2}(T\d{2}(:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?)?$/, {
    error: 'must be a moment such as 2019-03-01T02 or 2019-03-01T02:00:00Z (UTC)',
    abort: true,
  })
  .refine((text) => !Number.isNaN(Date.parse(inFull(text))), { error: 'is not in the calendar' });

/** A moment in milliseconds since 1970. */
export const momentOf = (text: string): number => Date.parse(inFull(text));

const inFull = (text: string) => (/T\d{2}$/.test(text) ? `${text}:00:00Z` : text);

/** What rules are held against: numbers and names as of a moment, about one model. */
export const observation = z.strictObject({
  model: modelName,
  /** When it held, which in a simulation is not when it was seen. */
  asOf: moment,
  /** Which watcher saw it: `drift`, `jobs`, `deployment`; a rule recovers only by an observation that has its fields. */
  source: z.string().min(1).max(60),
  /**
   * What expressions name: `psi_score`, `accuracy`, `baseline_accuracy`, `f1`, `late_hours` … A field that is absent makes
   * a rule that names it neither true nor false.
   */
  facts: alertFacts,
  /** A sentence that the notice carries. */
  note: z.string().max(1000).default(''),
  /** True where the observer was given an explicit `asOf`: escalation, repeats and silences then go by it. */
  simulated: z.boolean().default(false),
});
export type Observation = z.infer<typeof observation>;

const who = z.string().min(1).max(120).default('unknown').describe('A claim');
const why = z.string().max(500).default('');

/** Which incidents are meant: of this rule, of this model, or this one. */
const about = {
  rule: z.string().min(1).max(60).optional(),
  model: modelName.optional(),
};

export const acknowledgeRequest = z.strictObject({
  ...about,
  incident: z.string().min(1).max(60).optional(),
  by: who,
  why,
});
export type AcknowledgeRequest = z.infer<typeof acknowledgeRequest>;

/** Nobody is told of what is silenced, until then; `until` of now or before ends a silence. */
export const silenceRequest = z.strictObject({ ...about, until: moment, by: who, why });
export type SilenceRequest = z.infer<typeof silenceRequest>;

/** Makes a message that is handed over twice count once; absent: it counts each time. */
const messageId = z.string().min(1).max(200).optional();

/** What is handed to the alerts. */
export const alertMessage = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('observe'), id: messageId, body: observation }),
  z.strictObject({
    kind: z.literal('acknowledge'),
    id: messageId,
    body: acknowledgeRequest,
  }),
  z.strictObject({ kind: z.literal('silence'), id: messageId, body: silenceRequest }),
]);
export type AlertMessage = z.infer<typeof alertMessage>;

export const alertEvent = z.strictObject({
  /** When it was seen, by the real clock, and the moment it stands for. */
  at: z.string(),
  asOf: z.string(),
  what: z.enum(['fired', 'escalated', 'recovered', 'acknowledged', 'silenced', 'unsilenced', 'undelivered']),
  incident: z.string().nullable(),
  rule: z.string().nullable(),
  model: z.string().nullable(),
  severity: severity.nullable(),
  by: z.string(),
  says: z.string().max(1000),
});
export type AlertEvent = z.infer<typeof alertEvent>;

export const openIncident = z.strictObject({
  incident: z.string(),
  rule: z.string(),
  model: z.string(),
  /** What separates it from others of the rule, such as `{job: 'retrain'}`. */
  labels: alertFacts,
  severity,
  since: z.string(),
  asOf: z.string(),
  says: z.string(),
  /** The rule's condition with the values of what it names. */
  because: z.string().optional(),
  acknowledgedBy: z.string().nullable(),
  silencedUntil: z.string().nullable(),
  /** Channels that were to be told and could not be: they are not configured. */
  notSent: z.array(z.string()),
});

export const alertStatus = z.strictObject({
  /** When the files were read. */
  at: z.string(),
  firing: z.array(openIncident).max(100),
  /** All that fire, of which `firing` shows at most a hundred. */
  count: z.number().int(),
  undecided: z.array(z.strictObject({ rule: z.string(), model: z.string(), why: z.string() })).max(50),
  silences: z.array(silenceRequest).max(50),
  /** Deliveries that wait for their channel. */
  pending: z.number().int(),
  /** Newest first. */
  recent: z.array(alertEvent).max(20),
  /** Why the last signal that did not fit its contract was refused; its sender could not be told. */
  refused: z.string().nullable(),
});
export type AlertStatus = z.infer<typeof alertStatus>;

/** What the alerts' files say after messages were taken in and time was looked at. */
export const alertTurn = z.strictObject({
  status: alertStatus,
  /** Ids of deliveries that wait. */
  pending: z.array(z.string()),
  /** When time alone would change something: an escalation, a repeat, a silence's end. */
  nextAt: z.string().nullable(),
  /** Of the messages that asked for something, what came of them. */
  answers: z.array(z.strictObject({ id: z.string(), says: z.string(), refused: z.boolean() })),
});
export type AlertTurn = z.infer<typeof alertTurn>;

export const deliveryOutcome = z.strictObject({
  state: z.enum(['sent', 'not-sent', 'given-up']),
  says: z.string(),
});
export type DeliveryOutcome = z.infer<typeof deliveryOutcome>;
