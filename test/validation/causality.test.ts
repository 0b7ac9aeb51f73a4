import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { RULES, knownAt, validateTable, type Rules } from '../../src/validation/index.ts';
import { randomFrom, spoilAfter } from './garbage.ts';
import { HOUR, columnOf, endOf, judge, load, rowsOf, type Cell } from './support.ts';

const HOURS = 60;
const DEMAND_COLUMNS = [
  'demand_mw',
  'demand_verdict',
  'demand_imputed',
  'demand_method',
  'demand_confidence',
];
/** By the series whose time of publication says when they may be seen. */
const PUBLISHED_COLUMNS = {
  forecast: ['forecast_mw', 'forecast_verdict', 'forecast_available_at'],
  generation: ['generation_mw', 'generation_available_at'],
  interchange: ['interchange_mw', 'interchange_available_at'],
  solar: ['solar_mw', 'solar_available_at'],
  fuel_bat: ['fuel_bat_mw', 'fuel_bat_available_at'],
};

/** Limits so short that every rule has its say within a few days of hours. */
const SHORT: Rules = {
  ...RULES,
  range: { ...RULES.range, limits: { low: 0.6, high: 1.6, windowHours: 24, minimumHours: 6 } },
  flat_line: { ...RULES.flat_line, limits: { hours: 2 } },
  spike: { ...RULES.spike, limits: { ...RULES.spike.limits, change: 0.2 } },
  shifted: { ...RULES.shifted, limits: { windowHours: 12, minimumHours: 3, gain: 0.9, clip: 0.5 } },
  biased: { ...RULES.biased, limits: { windowHours: 12, minimumHours: 3, error: 0.2 } },
};

/** A region whose values make every rule hesitate, and become known in any order. */
function troubledRegion(random: () => number): Cell[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const levels = [600, 800, 1000, 1000, 1000, 1100, 1200, 1300, 1700, 0, -5, Number.NaN];
  const cells: Cell[] = [];
  for (let hour = 0; hour < HOURS; hour++) {
    const demand = pick(levels);
    cells.push({
      series: 'D',
      hour,
      value: demand,
      availableAt: endOf(hour) + pick([0, 1800, 3600, 3600, 9000]),
    });
    if (random() < 0.1) {
      cells.push({ series: 'D', hour, value: pick(levels), availableAt: endOf(hour + pick([1, 9, 50])) });
    }
    const near = pick([demand, demand, load(hour), pick(levels)]);
    cells.push({
      series: 'DF',
      hour: hour + pick([0, 0, 1]),
      value: near,
      availableAt: endOf(hour - pick([24, 9, 0, -3])),
    });
    for (const series of ['NG', 'TI', 'FUEL:SUN', 'FUEL:BAT']) {
      const share = series === 'NG' ? pick([1, 1, 1.1, 1.4, 2]) : pick([0, 0.02, -0.02, 0.1, 1.6]);
      const value = share * pick([1000, demand, 1100]);
      cells.push({ series, hour, value, availableAt: endOf(hour + pick([0, 1, 12, 12, 13, 36])) });
    }
  }
  return cells;
}

describe('what a feature may see', () => {
  it('does not move when everything that became known later is replaced by garbage', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: HOURS - 1 }), (seed, t) => {
        const random = randomFrom(seed);
        const rows = rowsOf(troubledRegion(random));
        const now = knownAt(endOf(t));
        const before = validateTable('PACW', rows, { rules: SHORT });
        const after = validateTable('PACW', spoilAfter(rows, now, random), { rules: SHORT });
        const offset = (before.start - after.start) / HOUR;
        const end = Math.min(before.hours, after.hours - offset);
        const upTo = (endOf(t) - before.start) / HOUR;
        for (let row = Math.max(0, -offset); row < end; row++) {
          for (const column of row <= upTo ? DEMAND_COLUMNS : []) {
            same(column, row);
          }
          for (const [name, columns] of Object.entries(PUBLISHED_COLUMNS)) {
            const at = columnAt(before, `${name}_available_at`, row) as number;
            if (at <= now) columns.forEach((column) => same(column, row));
          }
        }

        function same(column: string, row: number) {
          const [was, is] = [columnAt(before, column, row), columnAt(after, column, row + offset)];
          assert.ok(Object.is(is, was), `${column}, row ${row}: ${was} became ${is} with t at row ${upTo}`);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('does move when something known in time changes', () => {
    const cells: Cell[] = Array.from({ length: HOURS }, (_unused, hour) => ({
      series: 'D',
      hour,
      value: load(hour),
    }));
    const changed = cells.map((cell) => (cell.hour === 50 ? { ...cell, value: 0 } : cell));
    assert.notEqual(columnOf(judge(changed), 'demand_mw')[50], columnOf(judge(cells), 'demand_mw')[50]);
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
