import { setImmediate as turn } from 'node:timers/promises';
import type { IssueHeadConfig } from '../model/issue-parameters.ts';
import type { IssueValues } from '../sequences/issue-scaling.ts';
import { ISSUE } from '../model/issue-parameters.ts';
import { backIssueHead, runOnStates } from '../model/issue-head.ts';
import { ParameterViews } from '../model/parameter-views.ts';
import type { ParameterLayout } from '../model/parameters.ts';
import type { Predictor } from '../model/predictor.ts';
import { layoutOf } from '../model/parameters.ts';
import { permutation, randomOf } from '../model/random.ts';
import { applyAdamW, clipByGlobalNorm, freshState } from './adamw.ts';
import { pinballLoss } from './issue-loss.ts';
import { rateAt } from './schedule.ts';

export interface RefitSettings {
  seed: number;
  epochs: number;
  learningRate: number;
  /** Issues of one region whose gradients are one step. */
  batch: number;
  weightDecay: number;
  shortCost: number;
  /** After every step, on the weights of the whole network in place: of a pruned one, to keep its zeros. */
  afterStep?(weights: Float32Array): void;
}

export const REFIT: RefitSettings = {
  seed: 1,
  epochs: 3,
  learningRate: 5e-4,
  batch: 16,
  weightDecay: 0.1,
  shortCost: 1,
};

/** One region's issues to refit on. */
export interface RefitIssues {
  region: string;
  /** M × width: the network's states at the issues' newest known hours. */
  states: Float32Array;
  /** Standardised. */
  values: IssueValues;
  /** M × H: ln(actual / base), NaN where there is none, or where it is not to be known yet. */
  targets: Float32Array;
}

export interface RefitControls {
  signal: AbortSignal;
  progress?(done: number): void;
}

/**
 * Goes on training the issue head alone, the rest of the network as it is: what takes a ring minutes to hours for the
 * whole takes one core seconds. Returns new weights of the whole model.
 */
export async function refitHead(
  { config, weights: before }: Pick<Predictor, 'config' | 'weights'>,
  data: readonly RefitIssues[],
  settings: RefitSettings,
  { signal, progress }: RefitControls,
): Promise<Float32Array> {
  const head = config.issueHead!;
  const layout = layoutOf(config);
  const weights = before.slice();
  // The head lies at the end of the flat layout, so a view of it is a model of its own.
  const { part, from } = headOf(layout);
  const optimizer = freshState(weights.subarray(from));
  const batches = data.flatMap((region) => batchesOf(region, head, settings.batch));
  const steps = settings.epochs * batches.length;
  const adamW = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: settings.weightDecay };
  for (let epoch = 0; epoch < settings.epochs; epoch++) {
    // Issues change places within their region, and batches of regions with one another.
    const random = randomOf('refit', settings.seed, epoch);
    const orders = data.map(({ states }) => permutation(random, states.length / config.width));
    for (const index of permutation(random, batches.length)) {
      signal.throwIfAborted();
      const { region, at, size } = batches[index]!;
      const own = data.findIndex((each) => each.region === region);
      const { states, values, targets } = picked(
        data[own]!,
        orders[own]!.slice(at, at + size),
        head,
        config.width,
      );
      const number = config.regions.indexOf(region);
      const views = new ParameterViews(part, optimizer.weights, number);
      const { outputs, trace } = runOnStates(head, views, states, values);
      const cells = new Float32Array(targets.length).fill(1);
      const loss = pinballLoss(outputs, targets, cells, { ...head, shortCost: settings.shortCost });
      if (loss.total > 0) {
        const gradient = new Float32Array(part.size);
        const into = new ParameterViews(part, gradient, number);
        backIssueHead(head, views, into, { tokens: new Int32Array(size), ...values }, trace, loss.gradient);
        const { factor } = clipByGlobalNorm(gradient, loss.total, 1);
        const rate = rateAt((optimizer.step + 1) / steps, { warmUp: 0.05, floor: 0.01 });
        applyAdamW(optimizer, gradient, part, { learningRate: settings.learningRate * rate, factor }, adamW);
        settings.afterStep?.(weights);
      }
      await turn();
    }
    progress?.((epoch + 1) / settings.epochs);
  }
  return weights;
}

function headOf(layout: ParameterLayout): { part: ParameterLayout; from: number } {
  const from = layout.byName.get(ISSUE.gain)!.offset;
  const parameters = layout.parameters
    .filter(({ offset }) => offset >= from)
    .map((parameter) => ({ ...parameter, offset: parameter.offset - from }));
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  return { part: { parameters, byName, size: layout.size - from }, from };
}

function batchesOf({ region, targets }: RefitIssues, { horizon }: IssueHeadConfig, batch: number) {
  const issues = targets.length / horizon;
  return Array.from({ length: Math.ceil(issues / batch) }, (_, i) => ({
    region,
    at: i * batch,
    size: Math.min(batch, issues - i * batch),
  }));
}

function picked(
  { states, values, targets }: RefitIssues,
  issues: readonly number[],
  { horizon, columns, dayColumns }: IssueHeadConfig,
  width: number,
) {
  const pick = (from: Float32Array, size: number) => {
    const rows = new Float32Array(issues.length * size);
    issues.forEach((issue, m) => rows.set(from.subarray(issue * size, (issue + 1) * size), m * size));
    return rows;
  };
  return {
    states: pick(states, width),
    values: {
      features: pick(values.features, horizon * columns.length),
      day: pick(values.day, dayColumns.length),
    },
    targets: pick(targets, horizon),
  };
}
