import { baseOf, covariatePart, fitSlopes } from './covariates.ts';
import type { SeriesForecaster } from './forecaster.ts';
import { centreGram, cholesky, solve, squaredErrors, windowGram } from './gram.ts';
import type { SeriesData } from './series-data.ts';
import { originsOf, type Part, type Parts } from './split.ts';

/**
 * A linear map from the `context` values before an origin to the `horizon` after it, of values that have the mean of
 * the context taken off: Zeng et al. 2023 (arXiv:2205.13504) and Toner & Darlow 2024 (arXiv:2403.14587) found such maps
 * hard to beat. Solved in closed form by ridge regression.
 */
export interface LinearModel {
  /** Maps, context × horizon each. */
  maps: Float64Array[];
  /** By target. */
  targets: LinearTarget[];
}

export interface LinearTarget {
  target: string;
  /** Which map; map 0 is learned from all targets at once. */
  map: number;
  /** Relative to the mean of the Gram matrix's diagonal. */
  ridge: number;
  /** What each covariate's value, then each one's square, adds; absent: covariates did not help. */
  slopes?: number[];
  validationMse: number;
}

export const RIDGES = [1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1];

interface Candidate {
  weights: Float64Array;
  ridge: number;
}

/** Learns on the training part, and takes of each choice what errs least on the validation part. */
export function fitLinear(
  data: SeriesData,
  parts: Parts,
  onTarget: (done: number) => void = () => {},
): LinearModel {
  const { context, horizon, names } = data;
  const width = context + horizon;
  const variants = data.covariates.length > 0 ? [false, true] : [false];
  const slopes = names.map((_name, target) => fitSlopes(data, target, parts.train));
  const gramOf = (target: number, withCovariates: boolean, part: Part) => {
    const values = withCovariates ? baseOf(data, target, slopes[target]!) : data.values[target]!;
    const { from, to } = originsOf(part, context, horizon);
    const gram = windowGram(values, from - context, to - from, width);
    centreGram(gram, width, context);
    return gram;
  };
  const shared = variants.map((withCovariates) => {
    const sum = new Float64Array(width * width);
    names.forEach((_name, target) => {
      const gram = gramOf(target, withCovariates, parts.train);
      for (let i = 0; i < sum.length; i++) sum[i]! += gram[i]!;
    });
    return candidates(sum, context, horizon);
  });
  const maps: Float64Array[] = [];
  const placeOf = (weights: Float64Array) => {
    if (!maps.includes(weights)) maps.push(weights);
    return maps.indexOf(weights);
  };
  const count = windowCount(parts.validation, context, horizon) * horizon;
  const targets = names.map((name, target): LinearTarget => {
    const choices = variants.flatMap((withCovariates, v) => {
      const seen = gramOf(target, withCovariates, parts.validation);
      const own =
        names.length > 1 ? candidates(gramOf(target, withCovariates, parts.train), context, horizon) : [];
      return [...shared[v]!, ...own].map(({ weights, ridge }) => ({
        weights,
        ridge,
        withCovariates,
        validationMse: squaredErrors(seen, context, horizon, weights) / count,
      }));
    });
    const best = choices.reduce((a, b) => (b.validationMse < a.validationMse ? b : a));
    onTarget(target + 1);
    const { ridge, validationMse } = best;
    const used = best.withCovariates ? { slopes: [...slopes[target]!] } : {};
    return { target: name, map: placeOf(best.weights), ridge, validationMse, ...used };
  });
  return { maps, targets };
}

function windowCount(part: Part, context: number, horizon: number): number {
  const { from, to } = originsOf(part, context, horizon);
  return to - from;
}

function candidates(gram: Float64Array, context: number, horizon: number): Candidate[] {
  const width = context + horizon;
  let trace = 0;
  for (let i = 0; i < context; i++) trace += gram[i * width + i]! / context;
  return RIDGES.map((ridge) => {
    const weights = new Float64Array(context * horizon);
    for (let i = 0; i < context; i++) {
      weights.set(gram.subarray(i * width + context, (i + 1) * width), i * horizon);
    }
    // A series that is level in every window has no trace; any map of it is zero.
    const factor = cholesky(gram, width, context, ridge * trace || 1);
    return { ridge, weights: solve(factor, context, weights, horizon) };
  });
}

export function linearForecaster({ maps, targets }: LinearModel): SeriesForecaster {
  return {
    name: 'linear',
    learned: true,
    predict(data, target, origin, count) {
      const { context, horizon } = data;
      const { map, slopes } = targets[target]!;
      const weights = maps[map]!;
      const [from, to] = [origin - context, origin + count - 1];
      const base = slopes ? baseOf(data, target, slopes, from, to) : data.values[target]!.subarray(from, to);
      const answers = new Float64Array(count * horizon);
      for (let i = 0; i < count; i++) {
        const window = base.subarray(i, i + context);
        const mean = window.reduce((sum, value) => sum + value, 0) / context;
        const answer = answers.subarray(i * horizon, (i + 1) * horizon).fill(mean);
        for (let k = 0; k < context; k++) {
          const value = window[k]! - mean;
          const row = k * horizon;
          for (let h = 0; h < horizon; h++) answer[h]! += value * weights[row + h]!;
        }
        if (slopes) {
          for (let h = 0; h < horizon; h++) answer[h]! += covariatePart(data, slopes, origin + i + h);
        }
      }
      return Promise.resolve(answers);
    },
  };
}
