import assert from 'node:assert/strict';
import { catalogueHash } from '../../src/features/catalogue.ts';
import { EnergyFeatureEngineer } from '../../src/features/engineer.ts';
import { numericColumns, numericNames } from '../../src/features/numeric-columns.ts';
import { asKnownFrame, type ValidatedRows } from '../../src/features/validated-rows.ts';
import { Columns } from '../../src/lake/parquet.ts';
import { buildInputs, inputsForForecast } from '../../src/sequences/inputs.ts';
import { fitScaling, type Normaliser } from '../../src/sequences/normaliser.ts';

const HOURS = 1500;
const FIRST = Date.UTC(2019, 1, 1, 1) / 1000;

describe('a model’s inputs', () => {
  for (const dtype of ['float32', 'float64'] as const) {
    it(`are the same to the bit without a frame as out of a stored feature table, ${dtype}`, () => {
      const rows = hoursWithHoles();
      const engineer = new EnergyFeatureEngineer({ dtype });
      const frame = engineer.createAllFeatures(asKnownFrame(rows));
      const columns = numericNames(frame);
      assert.ok(columns.includes('fuel_col_share') && columns.includes('operator_forecast_error_mean_24h'));
      const fitted: Normaliser = {
        ...{ formatVersion: 1, columns, dtype, horizon: 48, clip: 8 },
        catalogueHash: catalogueHash(engineer.catalogue()),
        regions: { PACW: fitScaling(numericColumns(frame, columns), 0, HOURS) },
      };
      const [from, to] = [700, HOURS - 30];
      const stored = buildInputs(new Columns(frame), rows, fitted, { from, to });
      assert.ok(stored.inputs.some((value) => value !== 0));
      assert.deepEqual(inputsForForecast(rows, fitted, to - from, to), stored);
    });
  }
});

/** With nulls in every series, a zero to divide by, a value beyond float32, and fuel that comes a day late. */
function hoursWithHoles(): ValidatedRows {
  const series = (level: number, hole: number) =>
    Float64Array.from({ length: HOURS }, (_, i) =>
      i % hole === hole - 1 ? Number.NaN : level * (1.2 + Math.sin(i / 3.8) + ((i * 7919) % 101) / 300),
    );
  const dated = (level: number, hole: number, delayHours: number) => ({
    values: series(level, hole),
    availableAt: Float64Array.from({ length: HOURS }, (_, i) => FIRST + (i + delayHours) * 3600),
  });
  const generation = dated(2100, 97, 1);
  generation.values[900] = 0;
  const wind = dated(300, 61, 30);
  wind.values[1000] = 1e39;
  const demand = series(2000, 83);
  return {
    ...{ region: 'PACW', first: FIRST, hours: HOURS, demand, demandFinal: demand },
    ...{ forecast: dated(2000, 71, -20), generation, solar: dated(100, 53, 30), wind },
    fuels: new Map([['fuel_col', dated(400, 47, 30)]]),
  };
}
