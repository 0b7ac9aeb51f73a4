import { z } from 'zod';
import { modelName } from './stages.ts';

const who = z
  .string()
  .min(1)
  .max(120)
  .default('unknown')
  .describe('A claim, unless the caller was authenticated');

export const promoteRequest = z.strictObject({
  version: z.number().int().positive(),
  by: who,
  reason: z.string().max(500).default(''),
});
export type PromoteRequest = z.infer<typeof promoteRequest>;

export const rollbackRequest = z.strictObject({ by: who, reason: z.string().max(500).default('') });
export type RollbackRequest = z.infer<typeof rollbackRequest>;

export const lifecycleEvent = z.strictObject({
  at: z.string(),
  kind: z.enum(['registered', 'promoted', 'rolled-back', 'refused']),
  version: z.number().int().nullable(),
  previous: z.number().int().nullable(),
  by: z.string(),
  identity: z.enum(['claimed', 'authenticated']),
  reason: z.string(),
});
export type LifecycleEvent = z.infer<typeof lifecycleEvent>;

/** `models/<name>/champion.json`: what serving reads. A higher generation is newer. */
export const championRecord = z.strictObject({
  name: modelName,
  generation: z.number().int().nonnegative(),
  version: z.number().int().positive(),
  /** The version manifest's hash. */
  sha256: z.string(),
  since: z.string(),
  /** Champions before this one, newest first: what `rollback` goes back to. At most 20. */
  previous: z.array(z.number().int().positive()),
});
export type ChampionRecord = z.infer<typeof championRecord>;

export const lifecycleStatus = z.strictObject({
  name: modelName,
  champion: z.number().int().nullable(),
  generation: z.number().int(),
  versions: z.array(z.number().int()),
  /** Newest first, at most 50; the whole history lies in `models/<name>/history.jsonl`. */
  events: z.array(lifecycleEvent),
});
export type LifecycleStatus = z.infer<typeof lifecycleStatus>;
