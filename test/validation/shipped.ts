import { fileURLToPath } from 'node:url';
import type { RegionCode } from '../../src/contracts/regions.ts';
import type { GridRows } from '../../src/lake/grid-rows.ts';
import { readColumns } from '../../src/lake/parquet.ts';
import { availableAt, revisionAvailableAt } from '../../src/sources/availability.ts';

/** The shipped record of one region as grid rows, with both vintages of demand, between two hours' ends. */
export async function shippedRows(region: RegionCode, from = -Infinity, to = Infinity): Promise<GridRows> {
  const path = fileURLToPath(new URL(`../../data/grid/${region}.parquet`, import.meta.url));
  const columns = await readColumns(path);
  const hours = columns.seconds('valid_at');
  const labels: string[] = [];
  const cells: { series: number; validAt: number; value: number; availableAt: number }[] = [];
  const add = (label: string, values: Float64Array, publishedAt: (validAt: number) => number) => {
    if (!labels.includes(label)) labels.push(label);
    const series = labels.indexOf(label);
    values.forEach((value, i) => {
      const validAt = hours[i]!;
      if (Number.isNaN(value) || validAt < from || validAt > to) return;
      cells.push({ series, validAt, value, availableAt: publishedAt(validAt) });
    });
  };
  const first = columns.f64('demand_first_mw');
  const later = columns.f64('demand_later_mw');
  const lastFirst = hours[first.findLastIndex((value) => !Number.isNaN(value))]!;
  add('D', first, (validAt) => availableAt('D', validAt, region));
  const news = later.map((value, i) => (value === first[i] ? Number.NaN : value));
  add('D', news, (validAt) =>
    validAt <= lastFirst ? revisionAvailableAt(validAt) : availableAt('D', validAt, region),
  );
  for (const name of columns.names) {
    const fuel = /^fuel_(\w+)_mw$/.exec(name)?.[1]?.toUpperCase();
    const label = name === 'forecast_mw' ? 'DF' : fuel === undefined ? undefined : `FUEL:${fuel}`;
    if (label) add(label, columns.f64(name), (validAt) => availableAt(label, validAt, region));
  }
  return {
    length: cells.length,
    labels,
    series: Int32Array.from(cells, ({ series }) => series),
    validAt: Float64Array.from(cells, ({ validAt }) => validAt),
    value: Float64Array.from(cells, ({ value }) => value),
    availableAt: Float64Array.from(cells, ({ availableAt: at }) => at),
    basis: new Int32Array(cells.length),
  };
}
