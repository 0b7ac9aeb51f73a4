import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BadInputError, CorruptArtifactError } from '../../src/errors.ts';
import { issuesOf } from '../../src/day-ahead/issue-table.ts';
import { ridge } from '../../src/forecasters/index.ts';
import { solvePositive } from '../../src/forecasters/ridge/cholesky.ts';
import { robustRidge } from '../../src/forecasters/ridge/robust-fit.ts';
import { context, copyOf, mapeOf, sampleTable } from './sample-table.ts';

const near = (a: number, b: number, tolerance = 1e-9) =>
  assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

describe('ridge', () => {
  it('solves what Cholesky can', () => {
    const x = solvePositive(new Float64Array([4, 2, 2, 3]), new Float64Array([8, 7]), new Float64Array(4));
    near(x[0]!, 1.25);
    near(x[1]!, 1.5);
  });

  it('is the closed form: one centred column shrinks by Σx²/(Σx² + λn), the constant not at all', () => {
    const x = new Float64Array([-1, 1, 0, 1, 1, 1]);
    const y = new Float64Array([1, 3, 5]);
    const rows = { x, y, width: 2, weights: new Float64Array([1, 1, 1]) };
    const [slope, constant] = robustRidge(rows, { lambda: 0.5, rounds: 0, huber: 1 });
    near(slope!, 4 / (2 + 0.5 * 3));
    near(constant!, 3);
  });

  it('weighs outliers down: one wild value moves the fit of least squares, not this one', () => {
    const count = 101;
    const x = new Float64Array(count).fill(1);
    const y = Float64Array.from({ length: count }, (_, i) => (i === 50 ? 1000 : (i - 50) / 50));
    const rows = { x, y, width: 1, weights: new Float64Array(count).fill(1) };
    const settings = { lambda: 0.1, huber: 0.5 };
    assert.ok(robustRidge(rows, { ...settings, rounds: 0 })[0]! > 9);
    assert.ok(Math.abs(robustRidge(rows, { ...settings, rounds: 20 })[0]!) < 0.1);
  });

  it('finds what the columns tell, gaps and all', async () => {
    const table = sampleTable({ issues: 300, noise: 0.005 });
    const knownBy = table.issuedAt[250]!;
    const fitted = await ridge().fit({ tables: [table], knownBy }, context);
    const later = issuesOf(table, { from: 251, to: 300 });
    const error = mapeOf(later, await fitted.predict(later));
    assert.ok(error < 0.9 && mapeOf(later, later.base) > 3, `${error} %`);
  });

  it('does not depend on the order of regions, nor on the others', async () => {
    const [a, b] = [sampleTable({ region: 'PACW' }), sampleTable({ region: 'ERCO' })];
    const knownBy = a.issuedAt[150]!;
    const both = await ridge().fit({ tables: [a, b], knownBy }, context);
    const turned = await ridge().fit({ tables: [b, a], knownBy }, context);
    const alone = await ridge().fit({ tables: [b], knownBy }, context);
    assert.deepEqual(await both.predict(b), await turned.predict(b));
    assert.deepEqual(await both.predict(b), await alone.predict(b));
  });

  it('looks at no outcome that was not known, whatever it is', async () => {
    const table = sampleTable({ issues: 80 });
    const settings = { lambdas: [0.1], rounds: 1 };
    const property = fc.asyncProperty(
      fc.integer({ min: 30, max: 70 }),
      fc.double({ min: 0.1, max: 10, noNaN: true }),
      async (issue, factor) => {
        const knownBy = table.issuedAt[issue]!;
        const other = copyOf(table);
        other.validAt.forEach((validAt, cell) => {
          if (validAt + 3600 > knownBy) other.actual[cell]! *= factor;
        });
        const fits = [table, other].map((each) => ridge(settings).fit({ tables: [each], knownBy }, context));
        const [one, two] = await Promise.all(fits);
        assert.deepEqual(one!.save(), two!.save());
      },
    );
    await fc.assert(property, { numRuns: 8 });
  });

  it('comes back from its bytes as it was, and refuses others', async () => {
    const table = sampleTable({ issues: 60 });
    const architecture = ridge();
    const fitted = await architecture.fit({ tables: [table], knownBy: Infinity }, context);
    const bytes = fitted.save();
    const again = architecture.load(bytes);
    assert.deepEqual(again.save(), bytes);
    assert.deepEqual(await again.predict(table), await fitted.predict(table));
    assert.throws(() => architecture.load(bytes.subarray(0, 100)), CorruptArtifactError);
    assert.throws(() => architecture.load(new Uint8Array(50)), CorruptArtifactError);
  });

  it('answers for a region that it has never seen when it is pooled, and refuses it otherwise', async () => {
    const [a, b] = [sampleTable({ region: 'PACW' }), sampleTable({ region: 'ERCO' })];
    const pooled = await ridge({ pooled: true }).fit({ tables: [a], knownBy: Infinity }, context);
    assert.ok(mapeOf(b, await pooled.predict(b)) < 3);
    const own = await ridge().fit({ tables: [a], knownBy: Infinity }, context);
    await assert.rejects(own.predict(b), /ridge was not fitted on ERCO/);
  });

  it('refuses what it cannot fit, and columns that it does not know, by name', async () => {
    const table = sampleTable({ issues: 40 });
    const fit = (tables: (typeof table)[], knownBy: number) => ridge().fit({ tables, knownBy }, context);
    await assert.rejects(fit([], Infinity), BadInputError);
    await assert.rejects(fit([table, table], Infinity), /PACW is given twice/);
    await assert.rejects(fit([table], table.issuedAt[0]!), /too few to fit on/);
    const fitted = await fit([table], Infinity);
    const columns = table.columns.map((column, i) => (i === 2 ? { ...column, name: 'x9' } : column));
    await assert.rejects(fitted.predict({ ...table, columns }), /it lacks x1; it has x9 besides/);
    const abort = AbortSignal.abort(new Error('enough'));
    await assert.rejects(
      ridge().fit({ tables: [table], knownBy: Infinity }, { ...context, signal: abort }),
      /enough/,
    );
  });
});
