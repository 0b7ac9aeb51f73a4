import { z } from 'zod';
import { adaptation } from './adaptation.ts';

/** MAPE in percent on the validation issues, where members were fitted without them. */
const validationScore = z.strictObject({
  hours: z.number().int(),
  members: z.record(z.string(), z.number().nullable()),
  /** In sample as to weights and calibration. */
  ensemble: z.number().nullable(),
  /** Of the 80 % interval, percent. */
  coverage80: z.number().nullable(),
});
export type ValidationScore = z.infer<typeof validationScore>;

/** What a fitted ensemble says of itself. */
export const ensembleDetails = z.strictObject({
  name: z.string(),
  /** Those with weight anywhere; only they are kept. */
  members: z.array(z.string()).min(1),
  regions: z.array(z.string()).min(1),
  horizon: z.number().int().positive(),
  knownBy: z.number(),
  /** Seconds; `to` is when the last of them was known. */
  validation: z.strictObject({ from: z.number(), to: z.number() }),
  /** As they stay, or where a region's follow recent errors, their means over the validation issues. */
  weights: z.record(z.string(), z.record(z.string(), z.number())),
  /** By region how weights follow recent errors; null where they stay. */
  adaptation: z.record(z.string(), adaptation.nullable()),
  scores: z.record(z.string(), validationScore),
});
export type EnsembleDetails = z.infer<typeof ensembleDetails>;
