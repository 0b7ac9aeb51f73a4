import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Manifest } from '../../src/contracts/artifact.ts';
import { HOUR_SECONDS } from '../../src/contracts/time.ts';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../../src/errors.ts';
import { writeFile } from 'node:fs/promises';
import { RegionGrid, openRegion, readSeries } from '../../src/lake/grid.ts';
import {
  readGridFile,
  rowsKnownAt,
  sortRows,
  writeGridFile,
  yearOf,
  type GridRows,
} from '../../src/lake/grid-rows.ts';
import { temporaryHome } from '../sources/support.ts';

const START = 1_514_768_400; // 2018-01-01T01
const HOURS = 12;

interface Revision {
  hour: number;
  series: 'D' | 'DF';
  value: number;
  availableAt: number;
}

/** Revisions in any order; no two of an hour known at the same moment. */
const revisions: fc.Arbitrary<Revision[]> = fc.uniqueArray(
  fc.record({
    hour: fc.nat(HOURS - 1),
    series: fc.constantFrom('D' as const, 'DF' as const),
    value: fc.oneof(fc.integer({ min: 0, max: 99 }), fc.constant(Number.NaN)),
    availableAt: fc.integer({ min: 0, max: 30 }).map((step) => START + step * 1800),
  }),
  { selector: ({ hour, series, availableAt }) => `${hour} ${series} ${availableAt}`, maxLength: 60 },
);

function rowsOf(all: Revision[]): GridRows {
  const labels = ['D', 'DF'];
  return {
    length: all.length,
    labels,
    series: Int32Array.from(all, ({ series }) => labels.indexOf(series)),
    validAt: Float64Array.from(all, ({ hour }) => START + hour * HOUR_SECONDS),
    value: Float64Array.from(all, ({ value }) => value),
    availableAt: Float64Array.from(all, ({ availableAt }) => availableAt),
    basis: Int32Array.from(all, ({ value }) => (value % 2 === 0 ? 1 : 0)),
  };
}

const span = { from: START, to: START + (HOURS - 1) * HOUR_SECONDS };
const moments = fc.integer({ min: -1, max: 31 }).map((step) => START + step * 1800);

describe('the grid as of a moment', () => {
  it('gives for every hour the newest, or the first, revision known then', () => {
    fc.assert(
      fc.property(
        revisions,
        moments,
        fc.constantFrom('first' as const, 'latest' as const),
        fc.nat(60),
        (all, asOf, vintage, cut) => {
          // Over several files too: an hour's revisions need not lie in one.
          const grid = new RegionGrid('ERCO', [
            sortRows(rowsOf(all.slice(0, cut))),
            sortRows(rowsOf(all.slice(cut))),
          ]);
          const read = grid.read({ series: 'D', ...span, asOf, vintage });
          for (let hour = 0; hour < HOURS; hour++) {
            const known = all
              .filter((each) => each.series === 'D' && each.hour === hour && each.availableAt <= asOf)
              .sort((a, b) => a.availableAt - b.availableAt);
            const expected = vintage === 'first' ? known[0] : known.at(-1);
            assert.equal(read.validAt[hour], START + hour * HOUR_SECONDS);
            assert.ok(Object.is(read.value[hour], expected?.value ?? Number.NaN));
            assert.ok(Object.is(read.availableAt[hour], expected?.availableAt ?? Number.NaN));
            assert.equal(
              read.basis[hour],
              expected ? (expected.value % 2 === 0 ? 'observed' : 'assumed') : null,
            );
          }
        },
      ),
    );
  });

  it('does not move when what became known later is replaced or left out', () => {
    fc.assert(
      fc.property(revisions, moments, (all, asOf) => {
        const garbled = all.map((each) => (each.availableAt > asOf ? { ...each, value: -1e9 } : each));
        const read = (rows: GridRows) =>
          new RegionGrid('ERCO', [rows]).read({ series: 'D', ...span, asOf, vintage: 'latest' });
        const honest = read(sortRows(rowsOf(all)));
        assert.deepEqual(read(sortRows(rowsOf(garbled))), honest);
        assert.deepEqual(read(rowsKnownAt(sortRows(rowsOf(all)), asOf)), honest);
      }),
    );
  });

  it('is stored in one order, whichever the rows came in, and read back as it was', async () => {
    await using home = await temporaryHome();
    await fc.assert(
      fc.asyncProperty(revisions, async (all) => {
        const sorted = sortRows(rowsOf(all));
        const file = await writeGridFile(home, 'ERCO', 2018, sorted);
        assert.deepEqual(await writeGridFile(home, 'ERCO', 2018, sortRows(rowsOf(all.toReversed()))), file);
        const read = new RegionGrid('ERCO', [await readGridFile(home.path(file.uri))]);
        const written = new RegionGrid('ERCO', [sorted]);
        for (const series of ['D', 'DF']) {
          const query = { series, ...span, vintage: 'latest' as const };
          assert.deepEqual(read.read(query), written.read(query));
        }
      }),
      { numRuns: 25 },
    );
  });

  it('files an hour under the year in which it begins', () => {
    assert.equal(yearOf(Date.UTC(2019, 0, 1) / 1000), 2018);
    assert.equal(yearOf(Date.UTC(2019, 0, 1, 1) / 1000), 2019);
  });

  it('reads a manifest, and names what it does not have or what was changed', async () => {
    await using home = await temporaryHome();
    const rows = sortRows(rowsOf([{ hour: 3, series: 'D', value: 42, availableAt: START }]));
    const file = await writeGridFile(home, 'ERCO', 2018, rows);
    const grid: Manifest = {
      formatVersion: 1,
      kind: 'grid',
      key: '0123456789abcdef',
      madeBy: { stage: 'ingestion', version: 1, settings: {} },
      inputs: [],
      files: [{ ...file, region: 'ERCO', year: 2018 }],
      rows: 1,
      details: {},
    };
    const query = { region: 'ERCO' as const, series: 'D', ...span, vintage: 'first' as const };
    assert.equal((await readSeries(home, grid, query)).value[3], 42);
    assert.ok((await readSeries(home, grid, { ...query, series: 'NG' })).value.every(Number.isNaN));
    await assert.rejects(readSeries(home, grid, { ...query, to: span.from - HOUR_SECONDS }), BadInputError);
    await assert.rejects(
      openRegion(home, grid, 'MISO'),
      (error) => error instanceof MissingDataError && /nothing of MISO/.test(error.message),
    );
    await writeFile(home.path(file.uri), 'something else');
    await assert.rejects(openRegion(home, grid, 'ERCO'), CorruptArtifactError);
  });
});
