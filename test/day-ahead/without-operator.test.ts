import assert from 'node:assert/strict';
import { HOUR_SECONDS } from '../../src/contracts/time.ts';
import { buildIssueTable } from '../../src/day-ahead/build.ts';
import { hasOperator, withoutOperator } from '../../src/day-ahead/without-operator.ts';
import type { ValidatedRows } from '../../src/features/validated-rows.ts';
import { BadInputError } from '../../src/errors.ts';
import { ERCO_CLOCK, FIRST, inventedRows } from './invented-rows.ts';

// More than a year: the columns of the year before have values.
const HOURS = 10_000;
const build = (rows: ValidatedRows, operator: boolean) =>
  buildIssueTable(rows, {
    ...ERCO_CLOCK,
    firstHour: FIRST,
    lastHour: FIRST + (HOURS - 1) * HOUR_SECONDS,
    operator,
    weather: 'none',
  });

describe('a table without the operator', () => {
  const rows = inventedRows(HOURS);
  // Here and there the operator has said nothing, and the base is another.
  rows.forecast.values.forEach((_, row) => {
    if (row % 900 > 850) rows.forecast.values[row] = Number.NaN;
  });
  const made = withoutOperator(build(rows, true));
  const built = build(rows, false);

  it('is the one that is built of the same record when the operator is no input', () => {
    assert.deepEqual(made.columns, built.columns);
    assert.ok(!hasOperator(made) && hasOperator(build(rows, true)));
    const width = built.columns.length;
    const compared = new Set<number>();
    let cells = 0;
    built.base.forEach((base, cell) => {
      if (!(base > 0) || !(made.base[cell]! > 0)) return;
      cells++;
      assert.ok(Math.abs(made.base[cell]! / base - 1) < 1e-6, `base of ${cell}`);
      for (let c = 0; c < width; c++) {
        const [one, two] = [made.features[cell * width + c]!, built.features[cell * width + c]!];
        assert.ok(
          Math.abs(one - two) < 1e-6 || (Number.isNaN(one) && Number.isNaN(two)),
          `${built.columns[c]!.name} of ${cell}: ${one} is not ${two}`,
        );
        if (Number.isFinite(one)) compared.add(c);
      }
    });
    assert.ok(cells > 0.95 * built.base.length);
    const never = built.columns.filter((_, c) => !compared.has(c));
    assert.ok(never.every(({ group }) => group === 'weather'));
    for (const name of ['issuedAt', 'validAt', 'actual', 'operator', 'latestKnown'] as const) {
      assert.deepEqual(made[name], built[name]);
    }
  });

  it('needs the level that it starts from', () => {
    const columns = built.columns.map((column) => ({ ...column, name: `no ${column.name}` }));
    assert.throws(() => withoutOperator({ ...built, columns }), BadInputError);
  });
});
