import assert from 'node:assert/strict';
import {
  fitTrees,
  loadTrees,
  type TreeData,
  type TreeSettings,
} from '../../src/baselines/gradient-boosting.ts';
import { BadInputError, CorruptArtifactError } from '../../src/errors.ts';
import { randomOf } from '../../src/model/random.ts';

const SETTINGS: TreeSettings = { trees: 60, leaves: 15, learningRate: 0.2, seed: 1 };
/** One tree that takes its leaves whole: what it says can be worked out by hand. */
const ONE_TREE: TreeSettings = { trees: 1, learningRate: 1, leastRows: 1, seed: 1 };

function dataOf(table: number[][], target: number[], weights?: number[]): TreeData {
  return {
    features: Float32Array.from(table.flat()),
    rows: table.length,
    columns: table[0]!.length,
    target: Float32Array.from(target),
    weights: weights && Float32Array.from(weights),
  };
}

function randomTable(rows: number, columns: number, ...keys: (string | number)[]): number[][] {
  const random = randomOf('table', ...keys);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => 2 * random() - 1));
}

const meanSquare = (found: Float32Array, wanted: number[]) =>
  wanted.reduce((sum, value, i) => sum + (found[i]! - value) ** 2, 0) / wanted.length;

describe('gradient-boosted trees', () => {
  it('learn a curve and a product that no straight line follows', async () => {
    const curve = ([a, b, c]: number[]) => Math.abs(a!) + 2 * b! * c! + 0.3 * a!;
    const [train, test] = [randomTable(4000, 3, 'train'), randomTable(500, 3, 'test')];
    const wanted = test.map(curve);
    const model = await fitTrees(dataOf(train, train.map(curve)), SETTINGS);
    const found = model.predict(dataOf(test, wanted).features, test.length);
    // Over uniform inputs around 0 the straight line nearest to it is 0.5 + 0.3a: |a| and bc are level on average.
    const line = Float32Array.from(test, ([a]) => 0.5 + 0.3 * a!);
    const [ofTrees, ofLine] = [meanSquare(found, wanted), meanSquare(line, wanted)];
    assert.ok(ofTrees < ofLine / 20, `${ofTrees} is not far below the line's ${ofLine}`);
  });

  it('put a step where it is, with the mean of each side', async () => {
    const data = dataOf([[1], [2], [3], [10], [11]], [4, 5, 6, 20, 30]);
    const model = await fitTrees(data, { ...ONE_TREE, leaves: 2 });
    assert.deepEqual([...model.predict(Float32Array.of(-100, 3, 6.5, 6.6, 1e9), 5)], [5, 5, 5, 25, 25]);
  });

  it('say again what they have seen, where leaves and bins suffice', async () => {
    const random = randomOf('memory');
    const target = Array.from({ length: 200 }, () => Math.fround(random()));
    const data = dataOf(randomTable(200, 2, 'memory'), target);
    const model = await fitTrees(data, { ...ONE_TREE, leaves: 200 });
    assert.ok(meanSquare(model.predict(data.features, 200), target) < 1e-12);
  });

  it('come as near where each tree sees half of the rows', async () => {
    const table = randomTable(1000, 2, 'half').map(([a, b]) => [Math.round(9 * a!), Math.round(9 * b!)]);
    const target = table.map(([a, b]) => (a! > 0 ? 5 : -5) + (b! > 0 ? 1 : -1));
    const data = dataOf(table, target);
    const model = await fitTrees(data, { ...SETTINGS, rowShare: 0.5, learningRate: 0.5 });
    assert.ok(meanSquare(model.predict(data.features, 1000), target) < 0.01);
  });

  it('stop at the depth they are given', async () => {
    const data = dataOf(
      Array.from({ length: 64 }, (_, i) => [i]),
      Array.from({ length: 64 }, (_, i) => i * i),
    );
    const model = await fitTrees(data, { ...ONE_TREE, leaves: 64, depth: 3 });
    assert.equal(new Set(model.predict(data.features, 64)).size, 8);
  });

  it('keep apart values of a column with more of them than bins', async () => {
    const table = Array.from({ length: 5000 }, (_, i) => [i < 1007 || i > 4000 ? i : 1007]);
    const target = table.map(([x]) => x! / 5000);
    const model = await fitTrees(dataOf(table, target), { ...ONE_TREE, leaves: 255 });
    const found = model.predict(dataOf(table, target).features, 5000);
    assert.ok(Math.abs(found[2000]! - 1007 / 5000) < 1e-6, 'the frequent value has a bin of its own');
    assert.ok(found.every((value, i) => Math.abs(value - target[i]!) < 0.003));
  });
});

describe('trees and missing values', () => {
  const NONE = Number.NaN;
  const table = [[NONE], [NONE], [-2], [-1], [1], [2], [3]];

  it('learn where a missing value belongs', async () => {
    const features = Float32Array.of(NONE, -5, 5);
    for (const [missing, low, high] of [
      [5, -1, 1],
      [-1, -1, 1],
      [1, -1, 1],
    ] as const) {
      const target = table.map(([x]) => (Number.isNaN(x) ? missing : x! < 0 ? low : high));
      const model = await fitTrees(dataOf(table, target), { ...ONE_TREE, leaves: 3 });
      assert.deepEqual([...model.predict(features, 3)], [missing, low, high]);
    }
  });

  it('send one that was never missing before with most of the rows', async () => {
    for (const target of [
      [0, 9, 9, 9, 9],
      [9, 9, 9, 9, 0],
    ]) {
      const model = await fitTrees(dataOf([[1], [2], [3], [4], [5]], target), { ...ONE_TREE, leaves: 2 });
      assert.deepEqual([...model.predict(Float32Array.of(NONE), 1)], [9]);
    }
  });

  it('ignore a column that is missing throughout', async () => {
    const data = dataOf(
      [
        [NONE, 1],
        [NONE, 2],
      ],
      [3, 4],
    );
    const model = await fitTrees(data, ONE_TREE);
    assert.deepEqual([...model.predict(data.features, 2)], [3, 4]);
  });
});

describe('losses and weights of trees', () => {
  const random = randomOf('skewed');
  const table = randomTable(4000, 2, 'skewed');
  // The spread grows with the first feature, and is skewed, so that mean, median and quantile differ.
  const target = table.map(([x]) => x! + (1.5 + x!) * random() ** 3);
  const { features } = dataOf(table, target);
  const below = (found: Float32Array) => target.filter((y, i) => y < found[i]!).length / target.length;

  for (const quantile of [0.1, 0.5, 0.9]) {
    it(`leave ${100 * quantile} % below with pinball loss`, async () => {
      const loss = quantile === 0.5 ? 'absolute' : { quantile };
      const model = await fitTrees(dataOf(table, target), { ...SETTINGS, loss, leastRows: 50 });
      const share = below(model.predict(features, table.length));
      assert.ok(Math.abs(share - quantile) < 0.02, `${share}`);
    });
  }

  it('take the median of a leaf for absolute loss, and no outlier moves it', async () => {
    const data = dataOf([[0], [0], [0], [1], [1], [1]], [1, 2, 1000, 11, 12, 13]);
    const model = await fitTrees(data, { ...ONE_TREE, leaves: 2, loss: 'absolute' });
    assert.deepEqual([...model.predict(Float32Array.of(0, 1), 2)], [2, 12]);
  });

  it('count a row of weight 3 three times and one of weight 0 never', async () => {
    const rows = randomTable(120, 2, 'weights');
    const values = rows.map(([a, b]) => a! * b!);
    const weights = rows.map((_, i) => [0, 1, 3][i % 3]!);
    const repeated = rows.flatMap((_, i) => Array<number>(weights[i]!).fill(i));
    const settings = { ...SETTINGS, trees: 5, leastRows: 0.01 };
    const weighted = await fitTrees(dataOf(rows, values, weights), settings);
    const other = dataOf(
      repeated.map((i) => rows[i]!),
      repeated.map((i) => values[i]!),
    );
    const plain = await fitTrees(other, settings);
    const [found, wanted] = [weighted, plain].map((model) => model.predict(other.features, other.rows));
    assert.ok(meanSquare(found!, [...wanted!]) < 1e-10);
  });

  it('weigh the rows of a median', async () => {
    const data = dataOf([[0], [0], [0], [1], [1], [1]], [0, 1, 10, 20, 30, 99], [1, 1, 5, 2, 2, 0]);
    const model = await fitTrees(data, { ...ONE_TREE, leaves: 2, leastRows: 0.1, loss: 'absolute' });
    assert.deepEqual([...model.predict(Float32Array.of(0, 1), 2)], [10, 25]);
  });
});

describe('trees, again and on disk', () => {
  const table = randomTable(600, 4, 'bytes');
  const data = dataOf(
    table,
    table.map(([a, b]) => a! * b!),
  );
  const sampled = { ...SETTINGS, trees: 10, rowShare: 0.7, columnShare: 0.5 };

  it('have the same bytes for the same seed, and others for another', async () => {
    const [first, again, other] = await Promise.all(
      [7, 7, 8].map(async (seed) => (await fitTrees(data, { ...sampled, seed })).save()),
    );
    assert.deepEqual(first, again);
    assert.notDeepEqual(first, other);
  });

  it('predict the same after save and load, wherever the bytes lie', async () => {
    const model = await fitTrees(data, sampled);
    const bytes = model.save();
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const loaded = loadTrees(shifted.subarray(3));
    assert.deepEqual(loaded.predict(data.features, 600), model.predict(data.features, 600));
    assert.deepEqual(loaded.save(), bytes);
    assert.equal(loaded.trees, 10);
  });

  it('refuse bytes that are cut off, foreign, or would send a row in a circle', async () => {
    const bytes = (await fitTrees(data, sampled)).save();
    const circle = bytes.slice();
    new DataView(circle.buffer).setUint32(32 + 4 * 10 + 12, 0, true); // the first root's left child
    for (const broken of [bytes.subarray(0, -1), bytes.subarray(0, 5), new Uint8Array(100), circle]) {
      assert.throws(() => loadTrees(broken), CorruptArtifactError);
    }
  });

  it('stop where they are told to', async () => {
    const controller = new AbortController();
    const fitting = fitTrees(data, { ...SETTINGS, trees: 100_000 }, controller);
    controller.abort();
    await assert.rejects(fitting, { name: 'AbortError' });
  });
});

describe('what trees cannot be fitted on', () => {
  const good = () => dataOf([[1], [2], [3]], [1, 2, 3]);
  const cases: [string, TreeData, Partial<TreeSettings>, RegExp][] = [
    ['fewer features than rows', { ...good(), rows: 4 }, {}, /3 features are not 4 rows/],
    ['no rows', { ...good(), rows: 0 }, {}, /0 rows/],
    ['fewer targets than rows', { ...good(), target: Float32Array.of(1) }, {}, /1 targets for 3 rows/],
    ['a target that is NaN', dataOf([[1], [2]], [1, Number.NaN]), {}, /target of row 1 is NaN/],
    [
      'an infinite feature',
      dataOf(
        [
          [1, 2],
          [3, -Infinity],
        ],
        [1, 2],
      ),
      {},
      /Row 1, column 1 is -Infinity/,
    ],
    ['a negative weight', dataOf([[1], [2]], [1, 2], [1, -1]), {}, /weight of row 1 is -1/],
    ['nothing but weights of 0', dataOf([[1], [2]], [1, 2], [0, 0]), {}, /All weights are 0/],
    ['half a tree', good(), { trees: 0.5 }, /trees/],
    ['a quantile of 1', good(), { loss: { quantile: 1 } }, /loss/],
    ['more than all rows', good(), { rowShare: 1.5 }, /rowShare/],
  ];
  for (const [name, data, settings, message] of cases) {
    it(`is ${name}`, async () => {
      await assert.rejects(fitTrees(data, { ...SETTINGS, ...settings }), (error) => {
        assert.ok(error instanceof BadInputError);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  it('nor do they predict for another number of columns', async () => {
    const model = await fitTrees(good(), SETTINGS);
    assert.throws(() => model.predict(new Float32Array(6), 3), BadInputError);
  });
});
