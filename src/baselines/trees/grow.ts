import { MISSING_BIN, type BinnedTable } from './bins.ts';
import { bestSplit, COLUMN_STRIDE, fillHistogram, type RowGradients, type Split } from './histogram.ts';

export interface TreeLimits {
  leaves: number;
  depth: number;
  /** In units of an average row, as weights have mean 1. */
  leastWeight: number;
}

/** A node of a tree in hand; children are a pair, so `left + 1` is the right one. Without `split` it is a leaf. */
export interface GrownNode {
  rows: Uint32Array;
  depth: number;
  split?: { column: number; bin: number; missingLeft: boolean; left: number };
}

interface OpenLeaf {
  node: number;
  histogram: Float64Array;
  gradient: number;
  weight: number;
  split: Split;
}

/**
 * Leaf by leaf, always the one that lowers the loss most. Of two children only the one with fewer rows is counted;
 * the other's histogram is what remains of the parent's (Ke et al., _LightGBM_, 2017).
 */
export class TreeGrower {
  private readonly table: BinnedTable;
  private readonly limits: TreeLimits;
  private readonly spare: Float64Array[] = [];

  constructor(table: BinnedTable, limits: TreeLimits) {
    this.table = table;
    this.limits = limits;
  }

  grow(rows: Uint32Array, columns: Uint32Array, gradients: RowGradients): GrownNode[] {
    const nodes: GrownNode[] = [{ rows, depth: 0 }];
    const binCounts = columns.map((column) => this.table.thresholds[column]!.length + 2);
    const open: OpenLeaf[] = [];
    const offer = (node: number, histogram: Float64Array) => {
      const [gradient, weight] = totalOf(histogram, binCounts[0]!);
      const deepest = nodes[node]!.depth >= this.limits.depth;
      const split = deepest
        ? undefined
        : bestSplit(histogram, binCounts, gradient, weight, this.limits.leastWeight);
      if (split) open.push({ node, histogram, gradient, weight, split });
      else this.spare.push(histogram);
    };

    const root = this.histogram(columns.length);
    fillHistogram(root, this.table, columns, rows, gradients);
    offer(0, root);
    for (let leaves = 1; leaves < this.limits.leaves && open.length > 0; leaves++) {
      const chosen = open.reduce((best, leaf) => (leaf.split.gain > best.split.gain ? leaf : best));
      open.splice(open.indexOf(chosen), 1);
      const children = this.divide(nodes, chosen, columns);
      if (leaves + 1 === this.limits.leaves) {
        this.spare.push(chosen.histogram);
        break;
      }
      const [small, large] =
        nodes[children]!.rows.length <= nodes[children + 1]!.rows.length
          ? [children, children + 1]
          : [children + 1, children];
      const counted = this.histogram(columns.length);
      fillHistogram(counted, this.table, columns, nodes[small]!.rows, gradients);
      const rest = chosen.histogram;
      for (let i = 0; i < columns.length * COLUMN_STRIDE; i++) rest[i]! -= counted[i]!;
      offer(small, counted);
      offer(large, rest);
    }
    this.spare.push(...open.map(({ histogram }) => histogram));
    return nodes;
  }

  private histogram(columns: number): Float64Array {
    return this.spare.pop() ?? new Float64Array(columns * COLUMN_STRIDE);
  }

  /** Splits a leaf; says where its left child stands. */
  private divide(nodes: GrownNode[], { node, split }: OpenLeaf, columns: Uint32Array): number {
    const parent = nodes[node]!;
    const column = columns[split.column]!;
    const { bin, missingLeft } = split;
    const start = column * this.table.rows;
    const parts = new Uint32Array(parent.rows.length);
    let [left, right] = [0, parts.length];
    for (const row of parent.rows) {
      const found = this.table.bins[start + row]!;
      if (found === MISSING_BIN ? missingLeft : found <= bin) parts[left++] = row;
      else parts[--right] = row;
    }
    parts.subarray(right).reverse(); // rows stay in order, so memory is read in order
    const depth = parent.depth + 1;
    parent.split = { column, bin, missingLeft, left: nodes.length };
    nodes.push({ rows: parts.subarray(0, left), depth }, { rows: parts.subarray(right), depth });
    return nodes.length - 2;
  }
}

/** Each row is in one bin of the first column. */
function totalOf(histogram: Float64Array, bins: number): [gradient: number, weight: number] {
  let [gradient, weight] = [0, 0];
  for (let bin = 0; bin < bins; bin++) {
    gradient += histogram[2 * bin]!;
    weight += histogram[2 * bin + 1]!;
  }
  return [gradient, weight];
}

/** The leaf that a row of the table ends in. */
export function leafOf(nodes: GrownNode[], table: BinnedTable, row: number): number {
  let at = 0;
  for (let split = nodes[0]!.split; split; split = nodes[at]!.split) {
    const bin = table.bins[split.column * table.rows + row]!;
    const goesLeft = bin === MISSING_BIN ? split.missingLeft : bin <= split.bin;
    at = goesLeft ? split.left : split.left + 1;
  }
  return at;
}
