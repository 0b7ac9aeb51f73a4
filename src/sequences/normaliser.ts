import { z } from 'zod';
import { BadInputError, CorruptArtifactError, describeIssues } from '../errors.ts';
import { issueScaling } from './issue-scaling.ts';

/** How many standard deviations a value may lie off its mean before it is cut: beyond is a fault, not weather. */
export const CLIP = 8;

const regionScaling = z.strictObject({ mean: z.array(z.number()), std: z.array(z.number().nonnegative()) });
export type RegionScaling = z.infer<typeof regionScaling>;

/**
 * What turns features into inputs, fitted on training hours alone and stored with the model. A standard deviation
 * of 0 marks a frozen column: it had no value, or always the same one, in training, so its input stays 0.
 */
export const normaliser = z.strictObject({
  formatVersion: z.literal(1),
  /** The numeric feature columns, in the order of the first channels. */
  columns: z.array(z.string()).min(1),
  /** Of the catalogue the columns were computed by. */
  catalogueHash: z.string(),
  dtype: z.enum(['float32', 'float64']),
  horizon: z.number().int().positive(),
  clip: z.number().positive(),
  regions: z.record(z.string(), regionScaling),
  /** Of the issue tables; absent in models of before. */
  issues: issueScaling.optional(),
});
export type Normaliser = z.infer<typeof normaliser>;

/** Reads a stored normaliser; `source` names it in messages. */
export function parseNormaliser(json: string | Uint8Array, source: string): Normaliser {
  let value: unknown;
  try {
    value = JSON.parse(typeof json === 'string' ? json : Buffer.from(json).toString('utf8'));
  } catch (error) {
    throw corrupt(source, 'it is not JSON', error);
  }
  const parsed = normaliser.safeParse(value);
  if (parsed.success) return parsed.data;
  throw corrupt(source, describeIssues(parsed.error.issues));
}

/** Mean and standard deviation of the values that are there. */
export function fitScaling(columns: readonly Float64Array[], from: number, to: number): RegionScaling {
  const mean: number[] = [];
  const std: number[] = [];
  for (const column of columns) {
    const fitted = fitColumn(column.subarray(from, to));
    mean.push(fitted.mean);
    std.push(fitted.std);
  }
  return { mean, std };
}

function fitColumn(values: Float64Array): { mean: number; std: number } {
  let count = 0;
  let mean = 0;
  let squares = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    count++;
    const difference = value - mean;
    mean += difference / count;
    squares += difference * (value - mean);
  }
  if (count < 2) return { mean: 0, std: 0 };
  const std = Math.sqrt(squares / count);
  // Rounding alone makes a constant vary by so much.
  return std > 1e-9 * Math.abs(mean) ? { mean, std } : { mean, std: 0 };
}

/** The columns that are frozen in every region. */
export function frozenColumns({ columns, regions }: Normaliser): string[] {
  return columns.filter((_name, i) => Object.values(regions).every(({ std }) => std[i] === 0));
}

/**
 * Writes one column's inputs into a row-major matrix of `width` channels, at `channel`: z-scores cut at ±clip, null
 * and frozen 0. Row 0 of the matrix is value `from`.
 */
export function applyNormaliser(
  fitted: Normaliser,
  region: string,
  column: number,
  values: Float64Array,
  target: { inputs: Float32Array; width: number; channel: number; from: number },
): void {
  const scaling = scalingOf(fitted, region);
  const mean = scaling.mean[column]!;
  const std = scaling.std[column]!;
  const { inputs, width, channel, from } = target;
  const { clip } = fitted;
  for (let at = channel, row = from; at < inputs.length; at += width, row++) {
    const value = std === 0 ? 0 : (values[row]! - mean) / std;
    inputs[at] = Number.isNaN(value) ? 0 : Math.max(-clip, Math.min(clip, value));
  }
}

export function scalingOf(fitted: Normaliser, region: string): RegionScaling {
  const found = Object.hasOwn(fitted.regions, region) ? fitted.regions[region] : undefined;
  if (found) return found;
  throw new BadInputError(
    `The normaliser does not know the region ${region}.`,
    `It was fitted on ${Object.keys(fitted.regions).join(', ')}: use one of these, or train with ${region}.`,
  );
}

const corrupt = (source: string, what: string, cause?: unknown) =>
  new CorruptArtifactError(`${source} is not a normaliser: ${what}.`, 'Cut the sequences again.', { cause });
