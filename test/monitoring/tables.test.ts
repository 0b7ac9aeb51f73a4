import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareTables } from '../../src/cli/drift-of-tables.ts';
import type { DriftFlags } from '../../src/cli/drift-flags.ts';
import { BadInputError } from '../../src/errors.ts';
import { randomOf } from '../../src/model/random.ts';
import type { DriftExamination } from '../../src/monitoring/index.ts';

type Cell = (row: number) => string | number;

const random = randomOf('tables');

/** So many rows of the columns. */
function csv(rows: number, columns: Record<string, Cell>): string {
  const line = (row: number) => Object.values(columns).map((cell) => String(cell(row)));
  return [Object.keys(columns), ...Array.from({ length: rows }, (_, row) => line(row))].join('\n');
}

const good = () => csv(60, { a: random, b: random });

describe('drift of two files', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ringwatt-test-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function compare(reference: string | Buffer, current: string | Buffer, flags: DriftFlags = {}) {
    const [before, now] = [join(folder, 'before.csv'), join(folder, 'now.csv')];
    await writeFile(before, reference);
    await writeFile(now, current);
    const { json } = await compareTables({ reference: before, current: now, ...flags }, undefined);
    return json as DriftExamination;
  }

  const refused: [string, string | Buffer, string | Buffer, RegExp, DriftFlags?][] = [
    ['an empty file', '', good(), /before\.csv: .*blank lines alone/],
    ['a header alone', good(), 'a,b\n', /now\.csv: The file has no rows/],
    ['a single row', good(), 'a,b\n1,2\n', /There is 1 row in the data of now\.csv/],
    ['rubbish', good(), Buffer.from([7, 0, 255, 3]), /now\.csv: .*not text/],
    ['rows of unequal length', 'a,b\n1,2\n3\n', good(), /before\.csv: Row 3 has 1 columns/],
    ['nothing but NaN', csv(60, { a: () => 'NaN', b: () => '' }), good(), /before\.csv holds no value/],
    ['what is beyond all numbers', csv(60, { a: () => '1e400' }), good(), /column "a" holds Infinity/],
    ['a column of another type', good(), csv(60, { a: () => 'x', b: random }), /column "a" holds text/],
    ['another column', good(), csv(60, { a: random, c: random }), /no column "b" in the data of now\.csv/],
    [
      'one column that is the prediction',
      csv(60, { p: random }),
      good(),
      /no column beside/,
      { predictions: 'p' },
    ],
    ['a name that objects have', good(), good(), /has no column "toString"/, { predictions: 'toString' }],
    ['labels alone', good(), good(), /--labels alone/, { labels: 'b' }],
    ['one column as both', good(), good(), /both name "b"/, { predictions: 'b', actuals: 'b' }],
  ];
  for (const [what, reference, current, message, flags] of refused) {
    it(`refuses ${what}`, () =>
      assert.rejects(compare(reference, current, flags), (error: Error) => {
        assert.ok(error instanceof BadInputError);
        assert.match(error.message, message);
        return true;
      }));
  }

  it('takes no missing prediction, outcome or label for 0 or a class of its own', async () => {
    const table = (gone: Cell) => csv(60, { a: random, said: gone, came: () => 1 });
    const [whole, lacking] = [table(() => 1), table((row) => (row % 2 === 0 ? '' : 1))];
    const actuals = { predictions: 'said', actuals: 'came' };
    await assert.rejects(compare(whole, lacking, actuals), /Not every prediction and actual value/);
    const labels = { predictions: 'said', labels: 'came' };
    await assert.rejects(compare(whole, lacking, labels), /Row 1 lacks a prediction/);
    await assert.rejects(
      compare(whole, lacking, { predictions: 'came', labels: 'said' }),
      /Row 1 lacks its label/,
    );
  });

  it('compares constants, one column, columns that have gone missing, and any name', async () => {
    const constant = (value: number) => csv(60, { a: () => value });
    assert.deepEqual((await compare(constant(5), constant(5))).alerts, []);
    assert.match((await compare(constant(5), constant(6))).alerts[0]!.message, /^a is distributed unlike/);
    const gone = csv(60, { a: () => 'NaN', b: random });
    assert.match((await compare(good(), gone)).alerts[0]!.message, /^a is missing more or less often/);
    const odd = 'a,__proto__\n1,2\n3,4\n5,6\n';
    assert.deepEqual(
      (await compare(odd, odd)).features.map(({ feature }) => feature),
      ['a', '__proto__'],
    );
  });
});
