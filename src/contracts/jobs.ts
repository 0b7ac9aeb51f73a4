import { z } from 'zod';
import { modelName } from './stages.ts';

/** What is done for a model again and again. */
export const jobKind = z.enum(['ingestion', 'forecast', 'drift', 'retrain', 'deployment']);
export type JobKind = z.infer<typeof jobKind>;

/**
 * done: it did what it is for. skipped: there was nothing to do, or too little to do it with. refused: what it made was
 * not good enough. rolled-back: what it deployed was taken back. failed: something broke.
 */
export const jobOutcome = z.enum(['done', 'skipped', 'refused', 'rolled-back', 'failed']);
export type JobOutcome = z.infer<typeof jobOutcome>;

/** A line of `jobs/<model>.jsonl`: what outlives Temporal's retention of a job that has ended. */
export const jobRecord = z.strictObject({
  model: modelName,
  job: jobKind,
  /** ISO 8601, UTC: the moment the job stood for, which in a simulation or a backfill is not when it ran. */
  asOf: z.string(),
  startedAt: z.string(),
  endedAt: z.string(),
  outcome: jobOutcome,
  /** Why it ended so, in a sentence. */
  reason: z.string().max(1000),
  /** The version that it made, or decided on. */
  version: z.number().int().positive().nullable(),
  workflowId: z.string(),
  runId: z.string(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
export type JobRecord = z.infer<typeof jobRecord>;
