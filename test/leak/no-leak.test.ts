import assert from 'node:assert/strict';
import { firstHourOf, HOUR_SECONDS, lastHourOf } from '../../src/contracts/time.ts';
import { engineerFeatures } from '../../src/features/stage.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import { readColumns } from '../../src/lake/parquet.ts';
import { knownAt, type RawRows } from '../../src/validation/index.ts';
import { validate } from '../../src/validation/stage.ts';
import { randomFrom, spoilAfter } from '../validation/garbage.ts';
import { openGridHome, writeGrid } from '../validation/grid-home.ts';
import { shippedRows } from '../validation/shipped.ts';
import {
  REGION,
  TRAINING_ROWS,
  assertSameUpTo,
  firstDifference,
  makeAll,
  tableOf,
  withLateValues,
  withSupply,
  type Made,
  type Table,
} from './known-rows.ts';

/** Rows at which time stops: at several hours of the day, for publication keeps its hours. */
const ROWS = [0, 127, 302].map((after) => TRAINING_ROWS + after);
/** What nobody needs data for. */
const CALENDAR = /^(timestamp|region|season|day_type|hour|day_of_|month|is_weekend|is_holiday|is_peak_hour)/;

describe("no leak: what became known after a row's moment moves nothing up to that row", function () {
  // Every run makes all features of two months several times over.
  this.timeout(180_000);

  let rows: RawRows;
  let truth: Made;
  const momentOf = (row: number) => knownAt(truth.start + row * HOUR_SECONDS);

  before(async () => {
    const shipped = await shippedRows(REGION, firstHourOf('2019-01'), lastHourOf('2019-03-05'));
    rows = withLateValues(withSupply(shipped), randomFrom(1));
    truth = makeAll(rows);
  });

  it('when it is replaced by garbage: in no feature, no input channel, not in the normaliser', () => {
    const moved = new Set<string>();
    const { channels, inputs, demandKnown } = truth.inputs;
    for (const row of ROWS) {
      const spoilt = makeAll(spoilAfter(rows, momentOf(row), randomFrom(row)));
      assert.equal(spoilt.start, truth.start);
      for (const name of assertSameUpTo(truth.features, spoilt.features, row + 1)) moved.add(name);
      assert.deepEqual(spoilt.fitted, truth.fitted);
      assert.deepEqual(spoilt.inputs.channels, channels);
      const at = firstDifference(inputs, spoilt.inputs.inputs, 0, (row + 1) * channels.length);
      assert.equal(at, -1, `${channels[at % channels.length]} moved at or before row ${row}`);
      assert.equal(firstDifference(demandKnown, spoilt.inputs.demandKnown, 0, row + 1), -1);
    }
    const still = [...truth.features.keys()].filter((name) => !moved.has(name) && !CALENDAR.test(name));
    assert.deepEqual(still, [], 'the garbage reaches every column that rests on data, after the row');
  });

  it('when it is not there yet', () => {
    const row = ROWS[1]!;
    const known = Array.from(rows.availableAt.keys()).filter((i) => rows.availableAt[i]! <= momentOf(row));
    const made = makeAll({
      length: known.length,
      labels: rows.labels,
      series: Int32Array.from(known, (i) => rows.series[i]!),
      validAt: Float64Array.from(known, (i) => rows.validAt[i]!),
      value: Float64Array.from(known, (i) => rows.value[i]!),
      availableAt: Float64Array.from(known, (i) => rows.availableAt[i]!),
    });
    assertSameUpTo(truth.features, made.features, row + 1);
    const { inputs, channels } = truth.inputs;
    assert.equal(firstDifference(inputs, made.inputs.inputs, 0, (row + 1) * channels.length), -1);
  });

  it('through the stages and their files', async () => {
    const { context, remove } = await openGridHome();
    try {
      const featuresOf = async (raw: RawRows): Promise<Table> => {
        const dataset = await writeGrid(context.home, { [REGION]: raw });
        const validated = await validate(context, { dataset, regions: [REGION] });
        const made = await engineerFeatures(context, { dataset: validated.dataset, dtype: 'float32' });
        const { files } = await readManifest(context.home, made.dataset, 'features');
        const { uri } = files.find(({ region }) => region === REGION)!;
        return tableOf(await readColumns(context.home.path(uri)));
      };
      const row = ROWS[1]!;
      const spoilt = spoilAfter(rows, momentOf(row), randomFrom(row));
      const moved = assertSameUpTo(await featuresOf(rows), await featuresOf(spoilt), row + 1);
      assert.ok(moved.includes('demand_mw') && moved.includes('generation_mw'));
    } finally {
      await remove();
    }
  });
});
