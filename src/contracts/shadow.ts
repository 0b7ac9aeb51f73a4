import { z } from 'zod';
import { modelName } from './stages.ts';
import type { ChampionRecord } from './lifecycle.ts';

/** Lets a version answer a share of the requests a second time, for nobody to see but who compares. */
export const shadowRequest = z.strictObject({
  version: z.number().int().positive(),
  share: z.number().gt(0).max(1).default(0.1).describe("Of the champion's answers"),
  by: z.string().min(1).max(120).default('unknown').describe('A claim'),
  reason: z.string().max(500).default(''),
});
export type ShadowRequest = z.infer<typeof shadowRequest>;

/** `models/<name>/shadow.json`. It counts only beside the champion it was started beside, as a canary does. */
export const shadowRecord = z.strictObject({
  name: modelName,
  /** Of the file: each write has a higher one. */
  generation: z.number().int().positive(),
  /** When it was written, by whom, why. */
  at: z.string(),
  by: z.string().max(120),
  reason: z.string().max(500),
  shadow: z
    .strictObject({
      version: z.number().int().positive(),
      /** The version manifest's hash. */
      sha256: z.string(),
      share: z.number().gt(0).max(1),
      championGeneration: z.number().int().nonnegative(),
      /** Of the file when it was started: what was compared before is another comparison. */
      generation: z.number().int().positive(),
    })
    .nullable(),
});
export type ShadowRecord = z.infer<typeof shadowRecord>;
export type ShadowVersion = NonNullable<ShadowRecord['shadow']>;

/** The shadow of this champion; one that was started beside another is over. */
export function activeShadow(
  champion: Pick<ChampionRecord, 'generation'> | null,
  record: ShadowRecord | null,
): ShadowVersion | null {
  const shadow = record?.shadow ?? null;
  return shadow && champion?.generation === shadow.championGeneration ? shadow : null;
}
