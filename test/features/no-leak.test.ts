import assert from 'node:assert/strict';
import { knownAt } from '../../src/features/alignment.ts';
import { EnergyFeatureEngineer } from '../../src/features/engineer.ts';
import { asKnownFrame } from '../../src/features/validated-rows.ts';
import { Columns } from '../../src/lake/parquet.ts';
import { buildInputs } from '../../src/sequences/inputs.ts';
import { CLIP, fitScaling, type Normaliser } from '../../src/sequences/normaliser.ts';
import { catalogueHash } from '../../src/features/catalogue.ts';
import type { RawRows } from '../../src/validation/vintages.ts';
import { assertSameRows } from './frames.ts';
import { shippedRows, validated } from './validated.ts';

const HOURS = 1100;

describe('what is available only after an hour', () => {
  let raw: RawRows;
  let first: number;
  let was: Made;
  let normaliser: Normaliser;
  before(async () => {
    // PACW, 2020: a forecast, and demand that was later revised. 2019: fuels.
    raw = await shippedRows('PACW', '2019-11-20T00', HOURS);
    first = raw.validAt.reduce((least, at) => Math.min(least, at));
    was = made(raw);
    normaliser = fitted(was);
  });

  /** Everything that came out after t, replaced. */
  const garbled = (t: number): RawRows => ({
    ...raw,
    value: raw.value.map((value, i) =>
      raw.availableAt[i]! > knownAt(t) ? ((i * 7919) % 5000) - 500 : value,
    ),
  });

  for (const row of [760, 803, 1001]) {
    it(`moves no feature and no input at or before it (row ${row} of real hours)`, () => {
      const is = made(garbled(first + row * 3600));
      assert.ok(
        was.table.demand.subarray(row + 1).some((value, i) => value !== is.table.demand[row + 1 + i]),
        'the garbage is seen after the hour',
      );
      assert.ok(was.features.width > 153, 'with the optional inputs of the record');
      assertSameRows(is.features, was.features, row + 1);

      const [before, after] = [was, is].map(({ features, table }) =>
        buildInputs(new Columns(features), table, normaliser, { to: row + 1 }),
      );
      assert.deepEqual(after!.inputs, before!.inputs);
      assert.deepEqual(after!.demandKnown, before!.demandKnown);
    });
  }

  it('are not the fuels of the hour itself, which come out at noon of the next day', () => {
    const { table } = was;
    const frame = new Columns(asKnownFrame(table));
    const solar = frame.f64('solar_mw');
    const own = table.solar.values;
    const hourOfDay = (row: number) => new Date((table.first + row * 3600) * 1000).getUTCHours();
    const row = 480 + 24;
    for (const t of Array.from({ length: 24 }, (_, i) => row + i)) {
      const lag = hourOfDay(t) >= 11 ? 24 : 48;
      // The hour ending at midnight belongs to the UTC day before it, so its day is out at noon after it.
      const source = hourOfDay(t) === 0 ? t - 48 : t - lag;
      assert.deepEqual(solar[t], own[source], `hour ${hourOfDay(t)}`);
    }
  });
});

interface Made {
  table: ReturnType<typeof validated>;
  features: ReturnType<EnergyFeatureEngineer['createAllFeatures']>;
}

function made(rows: RawRows): Made {
  const table = validated('PACW', rows);
  return { table, features: new EnergyFeatureEngineer().createAllFeatures(asKnownFrame(table)) };
}

function fitted({ features }: Made): Normaliser {
  const entries = new EnergyFeatureEngineer().catalogue();
  const columns = entries.filter(({ numeric }) => numeric).map(({ name }) => name);
  const table = new Columns(features);
  return {
    formatVersion: 1,
    columns,
    catalogueHash: catalogueHash(entries),
    dtype: 'float32',
    horizon: 48,
    clip: CLIP,
    regions: {
      PACW: fitScaling(
        columns.map((name) => table.f64(name)),
        0,
        700,
      ),
    },
  };
}
