import type { Normaliser } from '../../sequences/normaliser.ts';
import { scalingOf } from '../../sequences/normaliser.ts';
import { CLIP, type IssueValues } from '../../sequences/issue-scaling.ts';

/**
 * Raw rows as the network takes them, in place: as `export/scaling-graph.ts` has it. Channels after the normaliser's
 * columns are as they are in training already.
 */
export function scaleHistory(
  rows: Float32Array,
  channels: number,
  region: string,
  normaliser: Normaliser,
): void {
  const { mean, std } = scalingOf(normaliser, region);
  for (let at = 0; at < rows.length; at += channels) {
    for (let i = 0; i < channels; i++) {
      const value = rows[at + i]!;
      if (i < mean.length) rows[at + i] = scored(value, mean[i]!, std[i]!, normaliser.clip);
      else if (Number.isNaN(value)) rows[at + i] = 0;
    }
  }
}

/** What is known of an issue, in place. */
export function scaleIssue({ features, day }: IssueValues, region: string, { issues }: Normaliser): void {
  const { hours, day: ofDay } = issues!.regions[region]!;
  for (let i = 0; i < features.length; i++)
    features[i] = scored(features[i]!, hours.mean[i]!, hours.std[i]!, CLIP);
  for (let i = 0; i < day.length; i++) day[i] = scored(day[i]!, ofDay.mean[i]!, ofDay.std[i]!, CLIP);
}

/** A frozen column says nothing, nor does one without a value. */
function scored(value: number, mean: number, std: number, clip: number): number {
  if (std === 0 || Number.isNaN(value)) return 0;
  return Math.max(-clip, Math.min(clip, (value - mean) / std));
}
