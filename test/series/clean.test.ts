import assert from 'node:assert/strict';
import { BadInputError } from '../../src/errors.ts';
import { parseCsv } from '../../src/series/csv-table.ts';
import { clean, csvOf, hourlyLines, START, HOUR, waves } from './files.ts';

/** The whole line a person reads: what is wrong, and the cure. */
function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof BadInputError, String(error));
    return error.line;
  }
  return assert.fail('it was taken');
}

const replaced = (row: number, cell: string | number) =>
  csvOf(hourlyLines(60, (r) => (r === row ? cell : waves(r))));

describe('a CSV file of a series', () => {
  it('is read as it is when nothing is wrong', () => {
    const { start, step, rows, targets, repairs } = clean(csvOf(hourlyLines(60)));
    assert.deepEqual({ start, step, rows, repairs }, { start: START, step: HOUR, rows: 60, repairs: [] });
    assert.equal(targets.get('load')![7], waves(7));
  });

  it('may have other delimiters, decimal commas, other spellings of time and no zone, which it says', () => {
    const german = [
      'time;load;note',
      '2020-01-01 00:00;1,5;a',
      '2020-01-01 00:30;2,5;"b;c"',
      '2020-01-01 01:00;3;d',
    ].join('\r\n');
    const { step, targets, repairs } = clean(german);
    assert.equal(step, 1800);
    assert.deepEqual([...targets.get('load')!], [1.5, 2.5, 3]);
    assert.deepEqual(repairs, ['times name no zone: taken as UTC']);
    const zoned = clean(csvOf(['2020-01-01T02:00:00+02:00,1', '2020-01-01T03:00:00+02:00,2']));
    assert.equal(zoned.start, START);
    assert.equal(clean(csvOf(['2020-01-31,1', '2020-02-01,2', '2020-02-02,4'])).step, 24 * HOUR);
  });

  it('is sorted where it is unsorted, and says how many rows', () => {
    const lines = hourlyLines(60);
    [lines[10], lines[11]] = [lines[11]!, lines[10]!];
    const { targets, repairs } = clean(csvOf(lines));
    assert.equal(targets.get('load')![10], waves(10));
    assert.deepEqual(repairs, ['1 rows came before an earlier one: sorted']);
  });

  it('loses rows that are there twice, and is refused where two rows of a time differ', () => {
    const lines = hourlyLines(60);
    assert.deepEqual(
      clean(csvOf([...lines, lines[3]!])).repairs.at(-1),
      '1 rows were there twice: one of each kept',
    );
    assert.equal(
      refusal(() => clean(csvOf([...lines.slice(0, 4), `${lines[3]!.split(',')[0]},1`, ...lines.slice(4)]))),
      'Rows 5 and 6 are both of 2020-01-01T03:00:00Z and say different things. Keep the one that is right.',
    );
  });

  it('has short gaps interpolated, and is refused with long ones or with many', () => {
    const lines = hourlyLines(200);
    const { targets, repairs } = clean(csvOf([...lines.slice(0, 20), ...lines.slice(22)]));
    const load = targets.get('load')!;
    assert.equal(load.length, 200);
    assert.ok(Math.abs(load[20]! - (load[19]! + (load[22]! - load[19]!) / 3)) < 1e-9);
    assert.deepEqual(repairs, ['load: 2 missing values in 1 gaps interpolated']);
    assert.equal(
      refusal(() => clean(csvOf([...lines.slice(0, 20), ...lines.slice(30)]))),
      'Column load has no value for 10 rows in a row, 2020-01-01T20:00:00Z to 2020-01-02T05:00:00Z; up to 6 are interpolated. Fill the gap by something better than a line, give only the rows after it, or allow it with --max-gap.',
    );
    assert.equal(clean(csvOf([...lines.slice(0, 20), ...lines.slice(30)]), { maxGap: 10 }).rows, 200);
    assert.match(
      refusal(() => clean(csvOf(hourlyLines(200, (row) => (row % 10 === 5 ? '' : waves(row)))))),
      /^Column load lacks 20 of 200 values \(10\.0 %\); up to 5\.0 % are interpolated\./,
    );
  });

  it('has NaN, infinite values and stray text taken as missing, and says so', () => {
    for (const missing of ['NaN', '', 'MISSING', 'null']) {
      assert.deepEqual(clean(replaced(9, missing)).repairs, [
        'load: 1 missing values in 1 gaps interpolated',
      ]);
    }
    assert.equal(clean(replaced(9, '-inf')).repairs[0], 'load: 1 cells were infinite, taken as missing');
    assert.equal(clean(replaced(9, '1e999')).repairs[0], 'load: 1 cells were infinite, taken as missing');
    assert.equal(clean(replaced(9, 'offline')).repairs[0], 'load: 1 cells were no number, taken as missing');
    assert.equal(
      refusal(() => clean(csvOf(hourlyLines(60, (row) => (row < 10 ? 'offline' : waves(row)))))),
      'Column load holds 10 cells that are no numbers: "offline" in row 2, "offline" in row 3, "offline" in row 4. Name a column of numbers, or correct these cells.',
    );
  });

  it('is refused with numbers that nothing can be computed from', () => {
    assert.equal(
      refusal(() => clean(replaced(9, '-1e308'))),
      'Column load holds numbers beyond 1000000000000000000: -1e308 in row 11. Leave such cells empty where they stand for a missing value, or give the column in a larger unit.',
    );
    assert.equal(clean(replaced(9, '1e18')).targets.get('load')![9], 1e18);
  });

  it('is told of the encoding where a name is not found for it, and taken where all are', () => {
    const latin = (header: string) =>
      Buffer.from(csvOf(['2020-01-01,1,2', '2020-01-02,2,3'], header), 'latin1');
    const columns = (target: string) => ['time', target];
    assert.equal(
      refusal(() => parseCsv(latin('time,l\u00f6ad,load'), columns('l\u00f6ad'))),
      'The file is not text in UTF-8. Save it as CSV in UTF-8.',
    );
    assert.deepEqual(parseCsv(latin('time,l\u00f6ad,load'), columns('load')).column('load'), ['2', '3']);
  });

  it('is refused when its frequency is irregular, by the first odd row', () => {
    const lines = hourlyLines(60);
    lines[30] = `2020-01-02T06:10:00Z,7`;
    assert.equal(
      refusal(() => clean(csvOf(lines))),
      'Row 32 (2020-01-02T06:10:00Z) is not a whole number of steps of 1h after the first row; the row before it is of 2020-01-02T05:00:00Z. Bring the series to a regular step (such as hourly means), or give its step with --freq. Months and quarters are no regular step.',
    );
    assert.match(
      refusal(() => clean(csvOf(hourlyLines(60)), { frequency: '2h' })),
      /^Row 3 .* not a whole number of steps of 2h .*Give the frequency that the rows have/,
    );
    assert.match(
      refusal(() => clean(csvOf(hourlyLines(60)), { frequency: '1s' })),
      /^60 rows every 1s would span 212401 rows: most are missing\./,
    );
  });

  it('begins where all columns have begun and ends where a target ends, and says so', () => {
    const lines = hourlyLines(60, (row) => `${row < 3 ? '' : waves(row)},${row > 56 ? '' : waves(row, 5)}`);
    const { start, rows, repairs } = clean(csvOf(lines, 'time,load,heat'), { targets: ['load', 'heat'] });
    assert.deepEqual([start, rows], [START + 3 * HOUR, 54]);
    assert.deepEqual(repairs, [
      '3 rows before 2020-01-01T03:00:00Z left out: load begins there',
      '3 rows after 2020-01-03T08:00:00Z left out: heat ends there',
    ]);
  });

  it('has a value of every column at both ends, whatever gaps lie there', () => {
    const gaps = (row: number) => (row > 1 && row < 5) || (row > 54 && row < 58);
    const lines = hourlyLines(
      60,
      (row) => `${gaps(row) ? '' : waves(row)},${row < 3 || row > 56 ? '' : row}`,
    );
    const { start, rows, targets } = clean(csvOf(lines, 'time,load,heat'), { targets: ['load', 'heat'] });
    assert.deepEqual([start, rows], [START + 5 * HOUR, 50]);
    for (const values of targets.values()) assert.ok(values.every(Number.isFinite));
  });

  it('may go on with covariates alone, and is refused when one ends before its targets', () => {
    const lines = hourlyLines(60, (row) => `${row >= 50 ? '' : waves(row)},${row % 5}`);
    const columns = { targets: ['load'], covariates: ['wind'] };
    const { rows, covariates } = clean(csvOf(lines, 'time,load,wind'), columns);
    assert.deepEqual([rows, covariates.get('wind')!.length], [50, 60]);
    const ends = hourlyLines(60, (row) => `${waves(row)},${row >= 50 ? '' : row % 5}`);
    assert.equal(
      refusal(() => clean(csvOf(ends, 'time,load,wind'), columns)),
      'Covariate wind ends at 2020-01-03T01:00:00Z, before the targets do at 2020-01-03T11:00:00Z. Give it to the end and on over the horizon, or leave it out of --covariates.',
    );
  });

  it('is refused by row and column when it is no such file', () => {
    const refusals = {
      'Row 3: "31.12.2020" in column time is not a time.': csvOf(['2020-01-01,1', '31.12.2020,2']),
      'Row 3: "2020-02-30" in column time is not a time.': csvOf(['2020-01-01,1', '2020-02-30,2']),
      'Row 3: 2020-01-01T01:00:00 names no zone, the rows before it do.': csvOf([
        '2020-01-01T00:00:00Z,1',
        '2020-01-01T01:00:00,2',
      ]),
      'Row 3: "2020-01-01T01:00:00+99:00" in column time is not a time.': csvOf([
        '2020-01-01T00:00:00+01:00,1',
        '2020-01-01T01:00:00+99:00,2',
      ]),
      'The file holds blank lines alone. Give one with a header and rows.': '\n\n',
      'Row 3 has 3 columns, the header 2.': csvOf(['2020-01-01,1', '2020-01-02,2,3']),
      'The file has no column load. It has time, heat.': csvOf(['2020-01-01,1'], 'time,heat'),
      'The file has 2 columns load.': csvOf(['2020-01-01,1,2'], 'time,load,load'),
      'The file has no rows.': 'time,load\n',
      'A single row has no frequency.': csvOf(['2020-01-01,1']),
      'Column load has no number in it.': csvOf(['2020-01-01,', '2020-01-02,']),
      'The file is not text: it holds zero bytes.': 'time,load\n\0',
      'The file cannot be read as CSV: Quote Not Closed': 'time,load\n"2020-01-01,1\n',
    };
    for (const [message, text] of Object.entries(refusals)) {
      assert.ok(
        refusal(() => clean(text)).startsWith(message),
        refusal(() => clean(text)),
      );
    }
    assert.match(
      refusal(() => clean(csvOf(hourlyLines(9)), { covariates: ['load'] })),
      /^Column load is named twice\./,
    );
  });
});
