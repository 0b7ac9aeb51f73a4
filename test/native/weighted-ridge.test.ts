import assert from 'node:assert/strict';
import fc from 'fast-check';
import { normalEquations } from '../../src/forecasters/ridge/normal-equations.ts';
import { nativeRidge, plainRidge } from '../../src/forecasters/ridge/weighted-ridge.ts';
import type { Kernels } from '../../src/native/kernels.ts';
import { kernelsOr, noise } from './kernels.ts';

/** Float64 whose products have more digits than it keeps, so that an order of sums shows. */
const numbers = (seed: number, count: number) => {
  const factors = noise(seed + 1000, count);
  return Float64Array.from(noise(seed, count), (value, i) => value * factors[i]! + value / 3);
};

const regressions = fc
  .record({
    seed: fc.nat(1000),
    rows: fc.integer({ min: 1, max: 300 }),
    width: fc.integer({ min: 1, max: 70 }),
  })
  .map(({ seed, rows, width }) => ({
    x: numbers(seed, rows * width),
    y: numbers(seed + 1, rows),
    weights: numbers(seed + 2, rows).map((value, i) => (i % 5 === 3 ? 0 : Math.abs(value))),
    width,
  }));

/** The lower triangle of a matrix, or the upper one of its transpose. */
const triangle = (matrix: Float64Array, width: number, at: (row: number, column: number) => number) =>
  Array.from({ length: width }, (_, row) =>
    Array.from({ length: row + 1 }, (__, column) => matrix[at(row, column)]!),
  );

describe('weighted least squares in the kernels', () => {
  let kernels: Kernels;
  before(function () {
    kernels = kernelsOr(this);
  });

  it('have the normal equations of the plain code, to the last bit', () => {
    fc.assert(
      fc.property(regressions, ({ weights, ...rows }) => {
        const { width } = rows;
        const plain = normalEquations({ ...rows, weights }, weights);
        const gram = new Float64Array(width * width).fill(Number.NaN);
        const moment = new Float64Array(width).fill(Number.NaN);
        kernels.normalEquations({ ...rows, weights, gram, moment });
        assert.deepEqual(moment, plain.moment);
        assert.deepEqual(
          triangle(gram, width, (row, column) => column * width + row),
          triangle(plain.gram, width, (row, column) => row * width + column),
        );
      }),
      { numRuns: 150 },
    );
  });

  it('have the coefficients of the plain code, to the last bit', () => {
    fc.assert(
      fc.property(regressions, fc.constantFrom(1e-3, 0.1, 3), (rows, lambda) => {
        const native = nativeRidge(rows, lambda, kernels);
        const plain = plainRidge(rows, lambda);
        assert.deepEqual(native(rows.weights), plain(rows.weights));
        // Nothing of one solution is left in the next.
        const others = rows.weights.map((weight) => weight * weight);
        assert.deepEqual(native(others), plain(others));
      }),
      { numRuns: 150 },
    );
  });

  it('count rows without weight for nothing, and hold what the penalty alone holds', () => {
    const rows = { x: numbers(1, 12), y: numbers(2, 4), weights: new Float64Array(4), width: 3 };
    assert.deepEqual(nativeRidge(rows, 0.1, kernels)(rows.weights), new Float64Array(3));
    const one = Float64Array.of(0, 2, 0, 0);
    assert.deepEqual(nativeRidge(rows, 0.1, kernels)(one), plainRidge(rows, 0.1)(one));
  });
});
