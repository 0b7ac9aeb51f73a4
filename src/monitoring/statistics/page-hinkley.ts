export interface PageHinkleyOptions {
  /** What the stream may drift by without being drift, in the stream's unit. */
  tolerance: number;
  /** How far the summed excess may rise over its least, in the stream's unit. */
  limit: number;
  /** What a value counts as at most, above and below its mean, in the stream's unit: no single one may pass the limit. */
  most?: number;
  /** Values seen before anything is said. */
  warmUp?: number;
}

export interface PageHinkley {
  /** The greatest rise of the summed excess over what it was least, in the stream's unit. */
  rise: number;
  /** Index of the value at which the limit was passed; null where it never was. */
  alarmAt: number | null;
  /** Index of the value after which the rise began: the change's most likely moment. */
  since: number | null;
}

/**
 * Page and Hinkley's test that the mean of a stream has risen: Σ (x − mean so far − tolerance) over its least so far
 * (Page, Continuous inspection schemes, 1954; Hinkley, 1971, as in Gama et al., A survey on concept drift adaptation, 2014).
 * Where `mean` is given, excess is counted over that instead of over the stream's own past. `most` winsorises: one storm, or
 * one wrong reading, is no change however large it is.
 */
export function pageHinkley(
  stream: ArrayLike<number>,
  { tolerance, limit, most = Infinity, warmUp = 0, mean }: PageHinkleyOptions & { mean?: number },
): PageHinkley {
  let [sum, least, leastAt, average, rise] = [0, 0, -1, 0, 0];
  let alarmAt: number | null = null;
  let since: number | null = null;
  for (let i = 0; i < stream.length; i++) {
    const value = stream[i]!;
    average += (value - average) / (i + 1);
    sum += Math.max(-most, Math.min(most, value - (mean ?? average))) - tolerance;
    if (sum < least) [least, leastAt] = [sum, i];
    if (sum - least > rise) rise = sum - least;
    if (alarmAt === null && i + 1 >= warmUp && sum - least > limit) [alarmAt, since] = [i, leastAt + 1];
  }
  return { rise, alarmAt, since };
}
