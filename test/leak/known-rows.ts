import assert from 'node:assert/strict';
import { EnergyFeatureEngineer } from '../../src/features/engineer.ts';
import { asKnownFrame, validatedRows } from '../../src/features/validated-rows.ts';
import { Columns, toFrame } from '../../src/lake/parquet.ts';
import { buildInputs, type RegionInputs } from '../../src/sequences/inputs.ts';
import { fitScaling, type Normaliser } from '../../src/sequences/normaliser.ts';
import { validateTable, type RawRows } from '../../src/validation/index.ts';

export const REGION = 'CISO';
/** Rows that the normaliser is fitted on. */
export const TRAINING_ROWS = 1000;
const HORIZON = 48;

/** Everything that is made of one region's raw rows, by row of its validated table. */
export interface Made {
  start: number;
  features: Table;
  inputs: RegionInputs;
  fitted: Normaliser;
}

/** Reading a column costs more than computing it: what is compared is what the inputs are built from. */
class ColumnsReadOnce extends Columns {
  readonly #read = new Map<string, Float64Array>();

  override f64(name: string): Float64Array {
    const values = this.#read.get(name) ?? super.f64(name);
    this.#read.set(name, values);
    return values;
  }
}

/** Raw rows to inputs of the network by the functions that the stages call. */
export function makeAll(rows: RawRows): Made {
  const table = validateTable(REGION, rows);
  const known = validatedRows(new Columns(toFrame(table.columns)), REGION, 'the validated table');
  const frame = asKnownFrame(known);
  const engineer = new EnergyFeatureEngineer({ dtype: 'float64' });
  const columns = new ColumnsReadOnce(engineer.createAllFeatures(frame));
  const features = tableOf(columns);
  const numeric = engineer
    .catalogue(frame.columns)
    .filter((entry) => entry.numeric)
    .map(({ name }) => name);
  const fitted: Normaliser = {
    formatVersion: 1,
    columns: numeric,
    catalogueHash: '',
    dtype: 'float64',
    horizon: HORIZON,
    clip: 8,
    regions: {
      [REGION]: fitScaling(
        numeric.map((name) => features.get(name) as Float64Array),
        0,
        TRAINING_ROWS,
      ),
    },
  };
  return { start: table.start, features, inputs: buildInputs(columns, known, fitted), fitted };
}

/**
 * Net generation and interchange beside the fuels of the shipped record, which has neither, so that the columns
 * made of them are tested too: the sum of the fuels, and what balances it with demand.
 */
export function withSupply(rows: RawRows): RawRows {
  const demand = new Map<number, number>();
  const supply = new Map<number, { mw: number; availableAt: number }>();
  for (let i = 0; i < rows.length; i++) {
    const label = rows.labels[rows.series[i]!]!;
    if (label === 'D') demand.set(rows.validAt[i]!, rows.value[i]!);
    if (!label.startsWith('FUEL:')) continue;
    const before = supply.get(rows.validAt[i]!)?.mw ?? 0;
    supply.set(rows.validAt[i]!, { mw: before + rows.value[i]!, availableAt: rows.availableAt[i]! });
  }
  const hours = [...supply].filter(([validAt]) => demand.has(validAt));
  const series = (label: string, mw: (validAt: number, generation: number) => number): RawRows => ({
    length: hours.length,
    labels: [label],
    series: new Int32Array(hours.length),
    validAt: Float64Array.from(hours, ([validAt]) => validAt),
    value: Float64Array.from(hours, ([validAt, generation]) => mw(validAt, generation.mw)),
    availableAt: Float64Array.from(hours, ([, { availableAt }]) => availableAt),
  });
  return joinRows([
    rows,
    series('NG', (_validAt, generation) => generation),
    series('TI', (validAt, generation) => generation - demand.get(validAt)!),
  ]);
}

/** Delays some values by hours, as a real source does: they are not there yet when their own row's moment comes. */
export function withLateValues(rows: RawRows, random: () => number): RawRows {
  const late = (at: number) => at + 3600 * Math.ceil(12 * random());
  return { ...rows, availableAt: rows.availableAt.map((at) => (random() < 0.2 ? late(at) : at)) };
}

function joinRows(parts: readonly RawRows[]): RawRows {
  const labels = [...new Set(parts.flatMap((part) => part.labels))];
  const join = (values: (part: RawRows) => Float64Array) =>
    Float64Array.from(parts.flatMap((part) => [...values(part)]));
  return {
    length: parts.reduce((sum, { length }) => sum + length, 0),
    labels,
    series: Int32Array.from(
      parts.flatMap((part) => [...part.series].map((code) => labels.indexOf(part.labels[code]!))),
    ),
    validAt: join(({ validAt }) => validAt),
    value: join(({ value }) => value),
    availableAt: join(({ availableAt }) => availableAt),
  };
}

/** The first row at which two arrays of values differ; −1 where they agree up to, and without, `until`. */
export function firstDifference(
  a: ArrayLike<unknown>,
  b: ArrayLike<unknown>,
  from: number,
  until: number,
): number {
  for (let row = from; row < until; row++) if (!Object.is(a[row], b[row])) return row;
  return -1;
}

/** A feature table's columns as arrays. */
export type Table = Map<string, ArrayLike<unknown>>;

export function tableOf(columns: Columns): Table {
  return new Map(
    columns.names.map((name) => {
      const type = columns.frame.getColumn(name).dtype.toString();
      if (/Datetime/.test(type)) return [name, columns.seconds(name)];
      return [name, /Utf8|String/.test(type) ? columns.strings(name) : columns.f64(name)];
    }),
  );
}

/** Asserts that no column of a feature table differs in its first rows; returns the columns that differ later. */
export function assertSameUpTo(before: Table, after: Table, rows: number): string[] {
  assert.deepEqual([...after.keys()], [...before.keys()]);
  return [...before.keys()].filter((name) => {
    const [was, is] = [before.get(name)!, after.get(name)!];
    const row = firstDifference(was, is, 0, rows);
    assert.equal(row, -1, `${name} moved at row ${row}; only what came after row ${rows - 1} was spoilt`);
    return firstDifference(was, is, rows, Math.min(was.length, is.length)) >= 0;
  });
}
