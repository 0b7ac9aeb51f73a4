import { quantileColumn } from '../backtest/rolling/hours-file.ts';
import { readColumns } from '../lake/parquet.ts';

/** The model's quantiles of a region's scored hours, in the order of `readHours`; MW by level. */
export type Fan = ReadonlyMap<number, Float64Array>;

/** By region; a model that answers with a median alone has no fan. */
export async function readFan(path: string, levels: readonly number[]): Promise<Map<string, Fan>> {
  const columns = await readColumns(path);
  const { codes, labels } = columns.categories('region');
  const values = levels.map((level) => [level, columns.f64(quantileColumn(level))] as const);
  return new Map(
    labels.map((region, code) => {
      const [from, to] = [codes.indexOf(code), codes.lastIndexOf(code) + 1];
      return [region, new Map(values.map(([level, mw]) => [level, mw.subarray(from, to)]))];
    }),
  );
}
