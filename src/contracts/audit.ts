import { z } from 'zod';
import { sha256Hex } from './artifact.ts';
import { vouchedRequest } from './voucher.ts';

/** What is handed to the audit; it adds place, time and hashes. */
export const auditEvent = z.strictObject({
  /** ISO 8601, UTC. */
  at: z.string(),
  who: z.string().min(1).max(120),
  identity: z.enum(['claimed', 'authenticated', 'system']),
  /** A verb of the field: promoted, rolled-back, refused, approved, schedule-applied, alert-silenced, alert-unsilenced … */
  what: z.string().min(1).max(60),
  /** Of what: `model/day-ahead`, `schedule/retrain-day-ahead`, `ab-test/x`. */
  subject: z.string().min(1).max(200),
  why: z.string().max(1000),
  /** The door: `cli`, `http`, `signal`, `update`, or a workflow's id. */
  from: z.string().min(1).max(300),
  details: z.record(z.string(), z.json()).default({}),
  /** Of whoever may tell it twice: the same id and the same event are one line. `recordAudit` gives one by itself. */
  id: z.string().min(1).max(400).optional(),
});
export type AuditEvent = z.infer<typeof auditEvent>;

/** As workflows tell it: what anybody may have sent to them is believed no further than the home's own signature goes. */
export const toldEvent = auditEvent.extend({ vouched: vouchedRequest.optional() });
export type ToldEvent = z.infer<typeof toldEvent>;

/** A line of `audit/log.jsonl`. `hash` is of the line without it; `previous` is the hash of the line before. */
export const auditEntry = auditEvent.extend({
  sequence: z.number().int().nonnegative(),
  previous: sha256Hex,
  hash: sha256Hex,
});
export type AuditEntry = z.infer<typeof auditEntry>;

/** `audit/head.json`: how far the log goes, signed, so that a tail that was cut off is missed. */
export const auditHead = z.strictObject({
  formatVersion: z.literal(1),
  /** Of the last line; −1 before the first. */
  sequence: z.number().int().min(-1),
  hash: sha256Hex,
  /** Length of the log with that line. */
  bytes: z.number().int().nonnegative(),
  /**
   * The line that is being appended. It stands here before it stands in the log, so that a crash between the two
   * loses nothing and is no cut: what is missing of it is exactly this.
   */
  pending: auditEntry.nullable(),
  keyId: z.string(),
  signature: z.string(),
});
export type AuditHead = z.infer<typeof auditHead>;
