import { z } from 'zod';
import { modelName } from './stages.ts';
import { voucher } from './voucher.ts';

const who = z
  .string()
  .min(1)
  .max(120)
  .default('unknown')
  .describe('A claim, unless the caller was authenticated');

const reason = z.string().max(500).default('');

const from = z
  .string()
  .min(1)
  .max(300)
  .optional()
  .describe("The door it came through (`cli`, `http`, a workflow's id), for the audit; a claim as `by` is");

const voucherOf = voucher
  .optional()
  .describe('Of a door that has authenticated `by`; nobody else can give one');

const share = z.number().gt(0).max(1);

const champion = z
  .number()
  .int()
  .positive()
  .optional()
  .describe('Only while this version is champion: of who has decided by it, and may come too late');

export const promoteRequest = z.strictObject({
  version: z.number().int().positive(),
  by: who,
  reason,
  from,
  champion,
  voucher: voucherOf,
});
export type PromoteRequest = z.infer<typeof promoteRequest>;

export const rollbackRequest = z.strictObject({ by: who, reason, from, champion, voucher: voucherOf });
export type RollbackRequest = z.infer<typeof rollbackRequest>;

/** Let a version answer a share of the forecasts that name none; of the canary that runs already, another share. */
export const canaryRequest = z.strictObject({
  version: z.number().int().positive(),
  share,
  by: who,
  reason,
  from,
  voucher: voucherOf,
});
export type CanaryRequest = z.infer<typeof canaryRequest>;

export const endCanaryRequest = z.strictObject({ by: who, reason, from, voucher: voucherOf });
export type EndCanaryRequest = z.infer<typeof endCanaryRequest>;

export const lifecycleEvent = z.strictObject({
  at: z.string(),
  kind: z.enum(['registered', 'promoted', 'rolled-back', 'canary-started', 'canary-ended', 'refused']),
  version: z.number().int().nullable(),
  /** Who was champion before; of a canary, beside whom. */
  previous: z.number().int().nullable(),
  by: z.string(),
  identity: z.enum(['claimed', 'authenticated']),
  reason: z.string(),
  /** Of a canary that starts. */
  share: share.optional(),
  /** The door: what the request says of it, else `signal` or `update`. Older events do not say. */
  from: z.string().optional(),
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

/** `models/<name>/canary.json`. It counts only beside the champion it was started beside: whoever comes after ends it. */
export const canaryRecord = z.strictObject({
  name: modelName,
  /** Of the file: each write has a higher one. */
  generation: z.number().int().positive(),
  canary: z
    .strictObject({
      version: z.number().int().positive(),
      /** The version manifest's hash. */
      sha256: z.string(),
      share,
      since: z.string(),
      /** Of the canary: stays as its share changes, so that a call that it answered it goes on answering. */
      generation: z.number().int().positive(),
      championGeneration: z.number().int().positive(),
    })
    .nullable(),
});
export type CanaryRecord = z.infer<typeof canaryRecord>;
export type Canary = NonNullable<CanaryRecord['canary']>;

/** The canary that answers its share beside this champion. One that was started beside another is over. */
export function activeCanary(champion: ChampionRecord | null, record: CanaryRecord | null): Canary | null {
  const canary = record?.canary ?? null;
  return canary && champion?.generation === canary.championGeneration ? canary : null;
}

export const canaryStatus = canaryRecord.shape.canary.unwrap().pick({
  version: true,
  share: true,
  since: true,
  generation: true,
});
export type CanaryStatus = z.infer<typeof canaryStatus>;

export const canaryStatusOf = (canary: Canary | null): CanaryStatus | null =>
  canary && {
    version: canary.version,
    share: canary.share,
    since: canary.since,
    generation: canary.generation,
  };

export const lifecycleStatus = z.strictObject({
  name: modelName,
  champion: z.number().int().nullable(),
  generation: z.number().int(),
  canary: canaryStatus.nullable(),
  versions: z.array(z.number().int()),
  /** Newest first, at most 50; the whole history lies in `models/<name>/history.jsonl`. */
  events: z.array(lifecycleEvent),
});
export type LifecycleStatus = z.infer<typeof lifecycleStatus>;
