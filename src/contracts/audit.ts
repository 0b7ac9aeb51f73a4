import { z } from 'zod';
import { sha256Hex } from './artifact.ts';

/** What is handed to the audit; it adds place, time and hashes. */
export const auditEvent = z.strictObject({
  /** ISO 8601, UTC. */
  at: z.string(),
  who: z.string().min(1).max(120),
  identity: z.enum(['claimed', 'authenticated', 'system']),
  /** A verb of the field: promoted, rolled-back, refused, approved, schedule-applied, alert-silenced … */
  what: z.string().min(1).max(60),
  /** Of what: `model/day-ahead`, `schedule/retrain-day-ahead`, `ab-test/x`. */
  subject: z.string().min(1).max(200),
  why: z.string().max(1000),
  /** The door: `cli`, `http`, `signal`, `update`, or a workflow's id. */
  from: z.string().min(1).max(300),
  details: z.record(z.string(), z.json()).default({}),
});
export type AuditEvent = z.infer<typeof auditEvent>;

/** A line of `audit/log.jsonl`. `hash` is of the line without it; `previous` is the hash of the line before. */
export const auditEntry = auditEvent.extend({
  sequence: z.number().int().nonnegative(),
  previous: sha256Hex,
  hash: sha256Hex,
});
export type AuditEntry = z.infer<typeof auditEntry>;
