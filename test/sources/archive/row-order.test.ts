import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { clip, orderRows, type SortKey } from '../../../src/sources/archive/row-order.ts';
import type { Line } from '../../../src/sources/archive/store.ts';

const CODES = ['A', 'B', 'C'];
const REGIONS = ['PACW', 'ERCO'] as const;
const LENGTH = 12;

const line = fc
  .record({
    region: fc.constantFrom(...REGIONS),
    code: fc.constantFrom(...CODES),
    bounds: fc.tuple(fc.nat(LENGTH), fc.nat(LENGTH)),
    values: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: LENGTH, maxLength: LENGTH }),
  })
  .map(({ region, code, bounds, values }): Line => {
    const [from, to] = [Math.min(...bounds), Math.max(...bounds)];
    return { region, code, from, to, values: Int32Array.from(values), head: '', tail: '' };
  });
const lines = fc
  .uniqueArray(line, { selector: ({ region, code }) => `${region}/${code}`, maxLength: 6 })
  .map((all) => all.filter(({ from, to }) => from < to));
const sort = fc.uniqueArray(
  fc.record({
    column: fc.constantFrom<SortKey['column']>('period', 'value', 'region', 'code'),
    descending: fc.boolean(),
  }),
  { selector: ({ column }) => column, maxLength: 4 },
);

interface Row {
  period: number;
  value: number;
  region: string;
  code: string;
}

function read(of: readonly Line[], by: readonly SortKey[], pageLength: number): Row[] {
  const ordered = orderRows(of, by, 3);
  const rows: Row[] = [];
  for (let offset = 0; offset < ordered.total + pageLength; offset += pageLength) {
    ordered.page(offset, pageLength, ({ region, code, values }, hour) =>
      rows.push({ period: hour, value: values[hour]!, region, code }),
    );
  }
  return rows;
}

const name = ({ period, region, code }: Row) => `${period}/${region}/${code}`;

describe('order of rows', () => {
  it('shows each row once over all pages, whatever the sort and the page length', () => {
    fc.assert(
      fc.property(lines, sort, fc.integer({ min: 1, max: 20 }), (of, by, pageLength) => {
        const expected = of.flatMap(({ region, code, from, to }) =>
          Array.from({ length: to - from }, (_, index) => `${from + index}/${region}/${code}`),
        );
        assert.deepEqual(read(of, by, pageLength).map(name).toSorted(), expected.toSorted());
      }),
    );
  });

  it('obeys every column of the sort', () => {
    fc.assert(
      fc.property(lines, sort, fc.integer({ min: 1, max: 20 }), (of, by, pageLength) => {
        const rows = read(of, by, pageLength);
        for (let index = 1; index < rows.length; index++) {
          const differing = by.find(({ column }) => rows[index - 1]![column] !== rows[index]![column]);
          if (!differing) continue;
          const ascends = rows[index - 1]![differing.column] < rows[index]![differing.column];
          assert.equal(ascends, !differing.descending);
        }
      }),
    );
  });

  it('keeps to the hours that were asked for', () => {
    fc.assert(
      fc.property(lines, fc.nat(LENGTH), fc.nat(LENGTH), (of, first, last) => {
        const periods = read(clip(of, first, last), [{ column: 'period', descending: false }], 7).map(
          ({ period }) => period,
        );
        assert.ok(periods.every((period) => period >= first && period <= last));
        const expected = of.reduce(
          (sum, { from, to }) => sum + Math.max(0, Math.min(to, last + 1) - Math.max(from, first)),
          0,
        );
        assert.equal(periods.length, expected);
      }),
    );
  });
});
