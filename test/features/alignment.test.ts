import assert from 'node:assert/strict';
import { aheadAsKnown, alignAsKnown } from '../../src/features/alignment.ts';

const FIRST = Date.UTC(2024, 0, 1, 1) / 1000;
const hour = (row: number) => FIRST + row * 3600;
const series = (hours: number, known: (row: number) => number, value = (row: number) => row) => ({
  values: Float64Array.from({ length: hours }, (_, row) => value(row)),
  availableAt: Float64Array.from({ length: hours }, (_, row) => known(row)),
});

describe('values as they were known', () => {
  it("are the hour's own where it was out within an hour", () => {
    assert.deepEqual(
      [
        ...alignAsKnown(
          series(3, (row) => hour(row) + 3600),
          FIRST,
        ),
      ],
      [0, 1, 2],
    );
    assert.ok(
      [
        ...alignAsKnown(
          series(3, (row) => hour(row) + 3601),
          FIRST,
        ),
      ].every(Number.isNaN),
    );
  });

  it('are of the same hour of the newest day that was out', () => {
    const late = alignAsKnown(
      series(80, (row) => hour(row) + 30 * 3600),
      FIRST,
    );
    assert.equal(late[47], Number.NaN);
    assert.equal(late[48], 0);
    assert.equal(late[79], 31);
  });

  it('go back over a hole, a week at most', () => {
    const holes = series(24 * 9, hour, (row) => (row >= 24 ? Number.NaN : row));
    const aligned = alignAsKnown(holes, FIRST);
    assert.equal(aligned[24 * 7 + 5], 5);
    assert.equal(aligned[24 * 8 + 5], Number.NaN);
  });

  it('look ahead only at what was forecast by then', () => {
    const forecast = series(60, (row) => (row < 40 ? hour(0) : hour(30)));
    const ahead = aheadAsKnown(forecast, FIRST, 24);
    assert.equal(ahead[15], 39);
    assert.equal(ahead[16], Number.NaN);
    assert.equal(ahead[29], 53, 'known an hour after the row');
    assert.equal(ahead[36], Number.NaN, 'after the end');
  });
});
