import { BadInputError, CorruptArtifactError } from '../../errors.ts';

const MAGIC = 'RWTREES1';
const HEADER_BYTES = MAGIC.length + 4 * 4 + 8;
const NODE_BYTES = 8 + 4 + 4 + 4;
const NO_COLUMN = 0xff_ffff;

/** A leaf has a value; any other node sends a row to `left` or `left + 1` by one of its features. */
export type TreeNode =
  { value: number } | { column: number; threshold: number; missingLeft: boolean; left: number };

/** Boosted trees: a constant and, for each row, the value of one leaf a tree. */
export class TreeModel {
  readonly columns: number;
  readonly base: number;
  private readonly roots: Uint32Array;
  private readonly values: Float64Array;
  private readonly thresholds: Float32Array;
  private readonly lefts: Uint32Array;
  /** Column in the low 24 bits, all set in a leaf; the highest bit: what is missing goes left. */
  private readonly tests: Uint32Array;

  private constructor(columns: number, base: number, roots: Uint32Array, nodes: number) {
    this.columns = columns;
    this.base = base;
    this.roots = roots;
    this.values = new Float64Array(nodes);
    this.thresholds = new Float32Array(nodes);
    this.lefts = new Uint32Array(nodes);
    this.tests = new Uint32Array(nodes);
  }

  /** Of trees whose `left` counts from their own root. */
  static of(columns: number, base: number, trees: TreeNode[][]): TreeModel {
    const roots: number[] = [];
    let count = 0;
    for (const tree of trees) {
      roots.push(count);
      count += tree.length;
    }
    const model = new TreeModel(columns, base, Uint32Array.from(roots), count);
    trees.flat().forEach((node, at) => {
      if ('value' in node) {
        model.tests[at] = NO_COLUMN;
        model.values[at] = node.value;
      } else {
        model.tests[at] = node.column + (node.missingLeft ? 2 ** 31 : 0);
        model.thresholds[at] = node.threshold;
        model.lefts[at] = node.left;
      }
    });
    trees.forEach((tree, t) => {
      for (let i = 0; i < tree.length; i++) {
        if (model.tests[roots[t]! + i] !== NO_COLUMN) model.lefts[roots[t]! + i]! += roots[t]!;
      }
    });
    return model;
  }

  get trees(): number {
    return this.roots.length;
  }

  /** `features` is rows × columns, row-major, NaN where missing. */
  predict(features: Float32Array, rows: number): Float32Array {
    if (features.length !== rows * this.columns) {
      throw new BadInputError(
        `${features.length} features are not ${rows} rows of ${this.columns} columns.`,
        'Give rows × columns features, row after row, with the columns that the trees were fitted on.',
      );
    }
    const { roots, tests, thresholds, lefts, values } = this;
    const predictions = new Float32Array(rows);
    for (let row = 0; row < rows; row++) {
      let sum = this.base;
      for (let tree = 0; tree < roots.length; tree++) {
        let at = roots[tree]!;
        for (let test = tests[at]!; test !== NO_COLUMN; test = tests[at]!) {
          const value = features[row * this.columns + (test & NO_COLUMN)]!;
          // oxlint-disable-next-line no-self-compare -- NaN, in the innermost loop
          const goesLeft = value === value ? value <= thresholds[at]! : test >= 2 ** 31;
          at = goesLeft ? lefts[at]! : lefts[at]! + 1;
        }
        sum += values[at]!;
      }
      predictions[row] = sum;
    }
    return predictions;
  }

  /** Little-endian; equal models have equal bytes. */
  save(): Uint8Array {
    const nodes = this.tests.length;
    const bytes = new Uint8Array(HEADER_BYTES + 4 * this.trees + NODE_BYTES * nodes);
    bytes.set(Buffer.from(MAGIC, 'latin1'));
    const view = new DataView(bytes.buffer);
    [this.columns, this.trees, nodes, 0].forEach((n, i) => view.setUint32(MAGIC.length + 4 * i, n, true));
    view.setFloat64(HEADER_BYTES - 8, this.base, true);
    this.roots.forEach((root, t) => view.setUint32(HEADER_BYTES + 4 * t, root, true));
    for (let node = 0; node < nodes; node++) {
      const at = HEADER_BYTES + 4 * this.trees + NODE_BYTES * node;
      view.setFloat64(at, this.values[node]!, true);
      view.setFloat32(at + 8, this.thresholds[node]!, true);
      view.setUint32(at + 12, this.lefts[node]!, true);
      view.setUint32(at + 16, this.tests[node]!, true);
    }
    return bytes;
  }

  static load(bytes: Uint8Array): TreeModel {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const named = Buffer.from(bytes.subarray(0, MAGIC.length)).toString('latin1') === MAGIC;
    if (!named || bytes.length < HEADER_BYTES) throw corrupt('they do not begin as saved trees do');
    const [columns, trees, nodes] = [0, 1, 2].map((i) => view.getUint32(MAGIC.length + 4 * i, true));
    const length = HEADER_BYTES + 4 * trees! + NODE_BYTES * nodes!;
    if (bytes.length !== length) throw corrupt(`${bytes.length} bytes, not ${length}`);
    const roots = Uint32Array.from({ length: trees! }, (_, t) => view.getUint32(HEADER_BYTES + 4 * t, true));
    if (roots.some((root) => root >= nodes!)) throw corrupt('a tree begins past the last node');
    const model = new TreeModel(columns!, view.getFloat64(HEADER_BYTES - 8, true), roots, nodes!);
    for (let node = 0; node < nodes!; node++) {
      const at = HEADER_BYTES + 4 * trees! + NODE_BYTES * node;
      model.values[node] = view.getFloat64(at, true);
      model.thresholds[node] = view.getFloat32(at + 8, true);
      const left = (model.lefts[node] = view.getUint32(at + 12, true));
      const test = (model.tests[node] = view.getUint32(at + 16, true));
      if (test === NO_COLUMN) continue;
      // Children come after their parent, so a walk ends.
      if (left <= node || left + 1 >= nodes!) throw corrupt(`node ${node} has children at ${left}`);
      if ((test & NO_COLUMN) >= columns!) throw corrupt(`node ${node} reads column ${test & NO_COLUMN}`);
    }
    return model;
  }
}

function corrupt(what: string): CorruptArtifactError {
  return new CorruptArtifactError(`These bytes are no saved trees: ${what}.`, 'Fit the trees again.');
}
