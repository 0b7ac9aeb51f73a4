import assert from 'node:assert/strict';
import fc from 'fast-check';
import { knownAt } from '../../src/validation/index.ts';
import { columnOf, endOf, judge, load, type Cell } from './support.ts';

const HOURS = 420;
const DEMAND_COLUMNS = [
  'demand_mw',
  'demand_verdict',
  'demand_imputed',
  'demand_method',
  'demand_confidence',
];

/** A region with every kind of series, each known at its own time, with revisions, holes and wild values. */
const region = fc
  .array(fc.record({ hour: fc.nat(HOURS - 1), kind: fc.nat(5) }), { maxLength: 30 })
  .map((faults) => {
    const noonAfter = (hour: number) => endOf((Math.floor(hour / 24) + 1) * 24 + 11);
    const dayBefore = (hour: number) => endOf((Math.floor(hour / 24) - 1) * 24 + 8);
    const cells: Cell[] = [];
    for (let hour = 0; hour < HOURS; hour++) {
      const d = load(hour);
      cells.push({ series: 'D', hour, value: d, availableAt: knownAt(endOf(hour)) });
      if (hour % 50 === 7) {
        cells.push({ series: 'D', hour, value: d * 1.02, availableAt: endOf(hour + 30) });
      }
      cells.push({ series: 'DF', hour, value: load(hour - 1), availableAt: dayBefore(hour) });
      cells.push({ series: 'NG', hour, value: d * 0.9, availableAt: noonAfter(hour) });
      cells.push({ series: 'TI', hour, value: -d * 0.1, availableAt: noonAfter(hour) });
      cells.push({ series: 'FUEL:SUN', hour, value: d * 0.1, availableAt: noonAfter(hour) });
    }
    for (const { hour, kind } of faults) {
      const cell = cells.find((one) => one.series === 'D' && one.hour === hour)!;
      if (kind === 0) cell.value = Number.NaN;
      else if (kind === 1) cell.value = 0;
      else if (kind === 2) cell.value *= 5;
      else if (kind === 3) cell.value *= 1.5;
      else if (kind === 4) cell.availableAt = endOf(hour + 40);
      else cell.value = -1;
    }
    return cells;
  });

const garbage = fc.oneof(
  fc.constantFrom(Number.NaN, 0, -1e6, 1e9, Infinity, 1111),
  fc.double({ min: -1e5, max: 1e5, noNaN: true }),
);

describe('what a feature may see', () => {
  it('does not move when everything that became known later is replaced by garbage', () => {
    const input = fc.record({
      cells: region,
      t: fc.integer({ min: 0, max: HOURS - 1 }),
      garbage: fc.array(garbage, { minLength: 1, maxLength: 12 }),
      laterBy: fc.array(fc.nat(100), { minLength: 1, maxLength: 5 }),
      drop: fc.nat(7),
    });
    fc.assert(
      fc.property(input, ({ cells, t, garbage: wild, laterBy, drop }) => {
        const now = knownAt(endOf(t));
        const kept = cells.filter(({ availableAt }) => availableAt! <= now);
        const later = cells.filter(({ availableAt }) => availableAt! > now);
        const spoilt = later
          .filter((_cell, i) => drop === 0 || i % (drop + 1) !== 0)
          .map((cell, i) => ({
            ...cell,
            value: wild[i % wild.length]!,
            availableAt: cell.availableAt! + 1800 * laterBy[i % laterBy.length]!,
          }));
        const revisions = kept.map((cell, i) => ({
          ...cell,
          value: wild[i % wild.length]!,
          availableAt: now + 1 + i,
        }));
        const before = judge(cells);
        const after = judge([...spoilt.reverse(), ...kept, ...revisions]);
        assert.equal(before.start, after.start);
        const row = (column: string, until: number) => [
          columnOf(before, column).slice(0, until),
          columnOf(after, column).slice(0, until),
        ];
        for (const column of DEMAND_COLUMNS) {
          const [was, is] = row(column, t + 1);
          assert.deepEqual(is, was, `${column} moved at or before hour ${t}`);
        }
        for (const name of ['forecast', 'generation', 'interchange', 'solar', 'wind']) {
          const at = columnOf(before, `${name}_available_at`);
          const atNow = columnOf(after, `${name}_available_at`);
          const judged = name === 'forecast' ? [`${name}_mw`, 'forecast_verdict'] : [`${name}_mw`];
          for (let hour = 0; hour < Math.min(before.hours, after.hours); hour++) {
            if (at[hour] === null || (at[hour] as number) > now) continue;
            assert.equal(atNow[hour], at[hour]);
            for (const column of judged) {
              assert.equal(
                columnAt(after, column, hour),
                columnAt(before, column, hour),
                `${column} at ${hour}`,
              );
            }
          }
        }
      }),
      { numRuns: 120 },
    );
  });

  it('does move when something known in time changes', () => {
    const cells: Cell[] = Array.from({ length: HOURS }, (_unused, hour) => ({
      series: 'D',
      hour,
      value: load(hour),
    }));
    const changed = cells.map((cell) => (cell.hour === 300 ? { ...cell, value: 0 } : cell));
    assert.notEqual(columnOf(judge(changed), 'demand_mw')[300], columnOf(judge(cells), 'demand_mw')[300]);
  });

  it('takes demand that came late for missing, and lets scores have it', () => {
    const cells: Cell[] = Array.from({ length: 200 }, (_unused, hour) => ({
      series: 'D',
      hour,
      value: load(hour),
      availableAt: hour === 150 ? knownAt(endOf(hour)) + 1 : knownAt(endOf(hour)),
    }));
    const table = judge(cells);
    assert.equal(columnOf(table, 'demand_verdict')[150], 'missing');
    assert.notEqual(columnOf(table, 'demand_mw')[150], load(150));
    assert.equal(columnOf(table, 'demand_final_mw')[150], load(150));
  });

  it('takes the value known first, and scores take the newest', () => {
    const cells: Cell[] = [
      ...Array.from({ length: 200 }, (_unused, hour) => ({ series: 'D', hour, value: load(hour) })),
      { series: 'D', hour: 150, value: 1234, availableAt: endOf(3000) },
    ];
    const table = judge(cells.toReversed());
    assert.equal(columnOf(table, 'demand_mw')[150], load(150));
    assert.equal(columnOf(table, 'demand_final_mw')[150], 1234);
  });
});

function columnAt(table: ReturnType<typeof judge>, name: string, hour: number) {
  const column = table.columns[name]!;
  if (column.type === 'category') return column.labels[column.codes[hour]!];
  return (column.values as ArrayLike<number>)[hour];
}
