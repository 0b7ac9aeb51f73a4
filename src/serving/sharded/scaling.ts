import { CLIP, type IssueValues } from '../../sequences/issue-scaling.ts';
import { scalingOf, type Normaliser, type RegionScaling } from '../../sequences/normaliser.ts';

/**
 * Raw rows as the network takes them, written into an array of their size: as `export/scaling-graph.ts` has it.
 * Channels after the normaliser's columns are as they are in training already.
 */
export function scaleHistory(
  rows: Float32Array,
  into: Float32Array,
  { channels, region, normaliser }: { channels: number; region: string; normaliser: Normaliser },
): void {
  const { mean, std } = scalingOf(normaliser, region);
  for (let at = 0; at < rows.length; at += channels) {
    for (let i = 0; i < channels; i++) {
      const value = rows[at + i]!;
      if (i < mean.length) into[at + i] = scored(value, mean[i]!, std[i]!, normaliser.clip);
      else into[at + i] = Number.isNaN(value) ? 0 : value;
    }
  }
}

/** What is known of an issue, as the network takes it. */
export function scaledIssue(
  { features, day }: IssueValues,
  region: string,
  { issues }: Normaliser,
): IssueValues {
  const { hours, day: ofDay } = issues!.regions[region]!;
  const scaled = (values: Float32Array, { mean, std }: RegionScaling) =>
    values.map((value, i) => scored(value, mean[i]!, std[i]!, CLIP));
  return { features: scaled(features, hours), day: scaled(day, ofDay) };
}

/** A frozen column says nothing, nor does one without a value. */
function scored(value: number, mean: number, std: number, clip: number): number {
  if (std === 0 || Number.isNaN(value)) return 0;
  return Math.max(-clip, Math.min(clip, (value - mean) / std));
}
