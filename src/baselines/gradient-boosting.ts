import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { BadInputError, describeIssues } from '../errors.ts';
import { randomOf, type Random } from '../model/random.ts';
import { binTable } from './trees/bins.ts';
import { leafOf, TreeGrower, type GrownNode } from './trees/grow.ts';
import { rulesOf, type Loss, type LossRules } from './trees/loss.ts';
import { TreeModel, type TreeNode } from './trees/model.ts';

export { TreeModel } from './trees/model.ts';
export type { Loss } from './trees/loss.ts';

export interface TreeData {
  /** rows × columns, row-major; NaN is missing. */
  features: Float32Array;
  rows: number;
  columns: number;
  target: Float32Array;
  /** Not negative; only their ratios matter. */
  weights?: Float32Array;
}

const share = z.number().gt(0).max(1);

export const treeSettingsSchema = z.strictObject({
  trees: z.int().min(1).max(100_000).describe('How many trees are added up'),
  leaves: z.int().min(2).max(4096).default(31).describe('Leaves a tree at most; grown best leaf first'),
  depth: z.int().min(1).max(64).default(64).describe('Splits from the root to a leaf at most'),
  learningRate: z.number().gt(0).max(1).describe('The part of its leaves that each tree adds'),
  loss: z
    .union([z.enum(['squared', 'absolute']), z.strictObject({ quantile: z.number().gt(0).lt(1) })])
    .default('squared'),
  rowShare: share.default(1).describe('The part of the rows that each tree sees'),
  columnShare: share.default(1).describe('The part of the columns that each tree sees'),
  leastRows: z
    .number()
    .gt(0)
    .default(20)
    .describe('Rows a leaf at least, as weight of an average row; less follows single hours'),
  seed: z.int().describe('Decides which rows and columns each tree sees'),
});
export type TreeSettings = z.input<typeof treeSettingsSchema>;

export interface TreeControls {
  signal?: AbortSignal;
  /** 0 to 1. */
  progress?: ((done: number) => void) | undefined;
}

/**
 * Histogram gradient boosting on one thread: a pure function of data and settings. It gives way to the event loop
 * after each tree.
 */
export async function fitTrees(
  data: TreeData,
  settings: TreeSettings,
  { signal, progress }: TreeControls = {},
): Promise<TreeModel> {
  const parsed = treeSettingsSchema.safeParse(settings);
  if (!parsed.success) throw bad(`Settings of boosted trees: ${describeIssues(parsed.error.issues)}.`);
  check(data);
  const { trees, learningRate, rowShare, columnShare, seed, leastRows, ...limits } = parsed.data;
  const { rows, columns, target } = data;
  const table = binTable(data.features, rows, columns);
  const weights = data.weights && withMeanOne(data.weights);
  const rules = rulesOf(parsed.data.loss satisfies Loss);
  const grower = new TreeGrower(table, { ...limits, leastWeight: leastRows });
  const random = randomOf('boosted trees', seed);

  const base = rules.best(Float64Array.from(target), weights);
  const predictions = new Float64Array(rows).fill(base);
  const gradients = new Float64Array(rows);
  const grown: TreeNode[][] = [];
  for (let tree = 0; tree < trees; tree++) {
    for (let row = 0; row < rows; row++) {
      gradients[row] = rules.gradient(predictions[row]!, target[row]!) * (weights ? weights[row]! : 1);
    }
    const [seen, unseen] = draw(rows, rowShare, random);
    const [shown] = draw(columns, columnShare, random);
    const nodes = grower.grow(seen, shown, { gradients, weights });
    const values = nodes.map((node) =>
      node.split ? 0 : learningRate * leafValue(node, rules, { target, predictions, weights }),
    );
    nodes.forEach(({ split, rows }, node) => {
      if (!split) for (const row of rows) predictions[row]! += values[node]!;
    });
    for (const row of unseen) predictions[row]! += values[leafOf(nodes, table, row)]!;
    grown.push(nodes.map(({ split }, node) => savedNode(split, values[node]!, table.thresholds)));
    progress?.((tree + 1) / trees);
    await setImmediate(undefined, { signal });
  }
  return TreeModel.of(columns, base, grown);
}

/** Whatever `TreeModel.save` gave. */
export function loadTrees(bytes: Uint8Array): TreeModel {
  return TreeModel.load(bytes);
}

function leafValue(
  { rows }: GrownNode,
  rules: LossRules,
  state: { target: Float32Array; predictions: Float64Array; weights: Float64Array | undefined },
): number {
  const residuals = Float64Array.from(rows, (row) => state.target[row]! - state.predictions[row]!);
  return rules.best(residuals, state.weights && Float64Array.from(rows, (row) => state.weights![row]!));
}

function savedNode(split: GrownNode['split'], value: number, thresholds: Float32Array[]): TreeNode {
  if (!split) return { value };
  const { column, bin, missingLeft, left } = split;
  const edges = thresholds[column]!;
  // The last bin has no upper end: all values go left, what is missing right.
  const threshold = bin > edges.length ? Infinity : edges[bin - 1]!;
  return { column, threshold, missingLeft, left };
}

/** Some of 0 … count−1, drawn without putting back, and the others; each in ascending order. */
function draw(count: number, share: number, random: Random): [Uint32Array, Uint32Array] {
  const wanted = Math.max(1, Math.round(count * share));
  const [drawn, others] = [new Uint32Array(wanted), new Uint32Array(count - wanted)];
  let found = 0;
  for (let i = 0; i < count; i++) {
    // Each of what is left is as likely as any other (Knuth, algorithm S).
    const take = wanted === count || random() * (count - i) < wanted - found;
    if (take) drawn[found++] = i;
    else others[i - found] = i;
  }
  return [drawn, others];
}

function withMeanOne(weights: Float32Array): Float64Array {
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  return Float64Array.from(weights, (weight) => weight / mean);
}

function check({ features, rows, columns, target, weights }: TreeData): void {
  if (!(rows >= 1 && columns >= 1))
    throw bad(`${rows} rows of ${columns} columns are nothing to learn from.`);
  if (features.length !== rows * columns) {
    throw bad(`${features.length} features are not ${rows} rows of ${columns} columns.`);
  }
  if (target.length !== rows) throw bad(`${target.length} targets for ${rows} rows.`);
  if (weights && weights.length !== rows) throw bad(`${weights.length} weights for ${rows} rows.`);
  const row = target.findIndex((value) => !Number.isFinite(value));
  if (row >= 0) throw bad(`The target of row ${row} is ${target[row]}.`);
  const feature = features.findIndex((value) => value === Infinity || value === -Infinity);
  if (feature >= 0) {
    const [at, column] = [Math.floor(feature / columns), feature % columns];
    throw bad(`Row ${at}, column ${column} is ${features[feature]}.`);
  }
  if (!weights) return;
  const weight = weights.findIndex((value) => !(value >= 0 && value < Infinity));
  if (weight >= 0) throw bad(`The weight of row ${weight} is ${weights[weight]}.`);
  if (weights.every((value) => value === 0)) throw bad('All weights are 0.');
}

function bad(message: string): BadInputError {
  return new BadInputError(
    message,
    'Give rows × columns features (NaN where missing, never infinite), and for each row a finite target.',
  );
}
