import assert from 'node:assert/strict';
import { issueColumns } from '../../src/day-ahead/build.ts';
import { withoutOperator } from '../../src/day-ahead/without-operator.ts';
import { onOwnRecord } from '../../src/forecasters/own-record.ts';
import { ridge } from '../../src/forecasters/index.ts';
import { ridgeColumns, withColumns } from '../../src/forecasters/ridge/columns.ts';
import { context, copyOf, sampleTable } from './sample-table.ts';

describe('columns of a ridge', () => {
  const of = (operator: boolean, without: string[] = []) =>
    ridgeColumns({ columns: issueColumns({ operator, weather: true }) }, without);

  it('are errors of the operator, weather and the kind of day where the operator is known', () => {
    const seen = of(true);
    const groups = new Map(
      issueColumns({ operator: true, weather: true }).map(({ name, group }) => [name, group]),
    );
    assert.deepEqual([...new Set(seen.map((name) => groups.get(name)))], ['calendar', 'operator', 'weather']);
    const has = (name: string) => seen.includes(name);
    assert.ok(['operator_error_2d', 'operator_error_morning_00', 'temperature_c', 'holiday'].every(has));
    const left = ['year_sin_1', 'summer_time', 'lag_7d', 'level_7d', 'operator_day_00', 'day_7d_ago_00'];
    assert.ok(left.every((name) => groups.has(name)));
    assert.ok(!left.some(has));
  });

  it('are all where it is not, but those that are named', () => {
    const all = issueColumns({ operator: false, weather: true }).map(({ name }) => name);
    assert.deepEqual(of(false), all);
    assert.deepEqual(
      of(false, ['years', 'lag_7d']),
      all.filter((name) => name !== 'years' && name !== 'lag_7d'),
    );
    assert.ok(!of(true, ['operator_error_2d']).includes('operator_error_2d'));
  });

  it('are cut out of a table cell by cell; one that lacks any stays as it is', () => {
    const table = sampleTable({ issues: 2 });
    const cut = withColumns(table, ['weekday', 'x1']);
    assert.deepEqual(
      cut.columns.map(({ name }) => name),
      ['weekday', 'x1'],
    );
    assert.equal(cut.features.length, 2 * 48);
    for (let cell = 0; cell < 48; cell++) {
      assert.deepEqual(
        [...cut.features.subarray(2 * cell, 2 * cell + 2)],
        [...table.features.subarray(5 * cell + 1, 5 * cell + 3)],
      );
    }
    assert.equal(withColumns(table, ['weekday', 'x9']), table);
  });
});

describe('a forecaster that is told nothing of the operator', () => {
  const alone = ridge({ lambdas: [0.1], rounds: 1 });
  const own = onOwnRecord(alone);
  /** `x2` stands for the operator’s columns, `x1` is the level of the last week. */
  const table = () => {
    const sample = sampleTable({ issues: 60 });
    const columns = sample.columns.map((column) =>
      column.name === 'x2'
        ? { ...column, group: 'operator' as const }
        : column.name === 'x1'
          ? { name: 'level_7d', group: 'recent' as const, toBase: true as const }
          : column,
    );
    return { ...sample, columns };
  };

  it('answers alike whatever the operator says', async () => {
    const one = table();
    const other = copyOf(one);
    for (let cell = 0; cell < other.base.length; cell++) other.features[cell * 5 + 3] = cell;
    const data = { knownBy: Infinity };
    const fitted = await own.fit({ ...data, tables: [one] }, context);
    assert.equal(fitted.name, 'ridge-own');
    assert.deepEqual(await fitted.predict(other), await fitted.predict(one));
    assert.deepEqual((await own.fit({ ...data, tables: [other] }, context)).save(), fitted.save());
    const told = await alone.fit({ ...data, tables: [withoutOperator(one)] }, context);
    assert.deepEqual(await fitted.predict(one), await told.predict(withoutOperator(one)));
    const again = own.load(fitted.save());
    assert.deepEqual(await again.predict(one), await fitted.predict(one));
  });

  it('is no member of its own where there is no operator', () => {
    assert.equal(own.suits!([table()]), true);
    assert.equal(own.suits!([table(), sampleTable()]), false);
  });
});
