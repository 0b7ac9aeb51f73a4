import type { IssueTable } from '../../day-ahead/issue-table.ts';
import { HOUR_SECONDS } from '../../contracts/time.ts';
import { CorruptArtifactError } from '../../errors.ts';
import { readColumns, writeColumns, type ColumnInput, type Columns } from '../../lake/parquet.ts';
import type { Hours } from './stretches.ts';

/** What of an issue table goes with the predictions, by the column's name; MW. */
export const BESIDE = {
  actual: 'actual_mw',
  base: 'base_mw',
  operator: 'operator_mw',
  latestKnown: 'latest_known_mw',
  persistence48: 'persistence48_mw',
  persistence168: 'persistence168_mw',
} as const satisfies Partial<Record<keyof IssueTable, string>>;
export type Beside = keyof typeof BESIDE;
const BESIDE_NAMES = Object.keys(BESIDE) as Beside[];

/** One forecaster's answers to the target hours of one region, ascending in time. */
export interface RegionPredictions extends Record<Beside, Float64Array> {
  region: string;
  /** Seconds. */
  issuedAt: Float64Array;
  validAt: Float64Array;
  /** Hours × levels, MW. */
  quantiles: Float64Array;
}

/** Answers to the hours of an issue table that are to be scored. */
export function predictionsOf(
  table: IssueTable,
  answers: Float64Array,
  levels: number,
  score: Hours,
): RegionPredictions {
  const cells = Array.from(table.validAt, (_, cell) => cell).filter(
    (cell) => table.validAt[cell]! >= score.from && table.validAt[cell]! <= score.to,
  );
  const pick = (values: Float64Array) => Float64Array.from(cells, (cell) => values[cell]!);
  return {
    region: table.region,
    issuedAt: Float64Array.from(cells, (cell) => table.issuedAt[Math.floor(cell / table.horizon)]!),
    validAt: pick(table.validAt),
    ...(Object.fromEntries(BESIDE_NAMES.map((name) => [name, pick(table[name])])) as Record<
      Beside,
      Float64Array
    >),
    quantiles: Float64Array.from(
      { length: cells.length * levels },
      (_, i) => answers[cells[Math.floor(i / levels)]! * levels + (i % levels)]!,
    ),
  };
}

/** `q05_mw`: the column of a level, in percent. */
const levelColumn = (level: number) => `q${String(Math.round(level * 1000) / 10).padStart(2, '0')}_mw`;

export async function writePredictions(
  path: string,
  regions: readonly RegionPredictions[],
  levels: readonly number[],
): Promise<number> {
  const join = (pick: (part: RegionPredictions) => ArrayLike<number>) =>
    Float64Array.from(regions.flatMap((part) => Array.from(pick(part))));
  const f64 = (values: Float64Array): ColumnInput => ({ type: 'f64', values });
  const atLevel =
    (k: number) =>
    ({ quantiles, validAt }: RegionPredictions) =>
      Float64Array.from(validAt, (_, row) => quantiles[row * levels.length + k]!);
  return writeColumns(path, {
    region: {
      type: 'category',
      codes: Int32Array.from(regions.flatMap(({ validAt }, code) => Array.from(validAt, () => code))),
      labels: regions.map(({ region }) => region),
    },
    issued_at: { type: 'timestamp', values: join(({ issuedAt }) => issuedAt) },
    valid_at: { type: 'timestamp', values: join(({ validAt }) => validAt) },
    lead_hours: {
      type: 'i32',
      values: Int32Array.from(
        join(({ validAt, issuedAt }) => validAt.map((valid, i) => (valid - issuedAt[i]!) / HOUR_SECONDS)),
      ),
    },
    ...Object.fromEntries(BESIDE_NAMES.map((name) => [BESIDE[name], f64(join((part) => part[name]))])),
    ...Object.fromEntries(levels.map((level, k) => [levelColumn(level), f64(join(atLevel(k)))])),
  });
}

export async function readPredictions(
  path: string,
  levels: readonly number[],
): Promise<Map<string, RegionPredictions>> {
  const columns = await readColumns(path);
  const { codes, labels } = columns.categories('region');
  const absent = levels.map(levelColumn).find((name) => !columns.names.includes(name));
  if (absent !== undefined) {
    throw new CorruptArtifactError(
      `${path} has no column ${absent}.`,
      'Delete it and run the backtest again.',
    );
  }
  const whole = wholeColumns(columns, levels);
  return new Map(
    labels.map((region, code) => {
      const from = codes.indexOf(code);
      const to = codes.lastIndexOf(code) + 1;
      const cut = (values: Float64Array) => values.slice(from, to);
      const part = Object.fromEntries(BESIDE_NAMES.map((name) => [name, cut(whole.beside[name])]));
      return [
        region,
        {
          region,
          issuedAt: cut(whole.issuedAt),
          validAt: cut(whole.validAt),
          ...(part as Record<Beside, Float64Array>),
          quantiles: Float64Array.from(
            { length: (to - from) * levels.length },
            (_, i) => whole.quantiles[i % levels.length]![from + Math.floor(i / levels.length)]!,
          ),
        },
      ] as const;
    }),
  );
}

function wholeColumns(columns: Columns, levels: readonly number[]) {
  return {
    issuedAt: columns.seconds('issued_at'),
    validAt: columns.seconds('valid_at'),
    beside: Object.fromEntries(BESIDE_NAMES.map((name) => [name, columns.f64(BESIDE[name])])) as Record<
      Beside,
      Float64Array
    >,
    quantiles: levels.map((level) => columns.f64(levelColumn(level))),
  };
}

/** One after the other in time. */
export function joinPredictions(parts: readonly RegionPredictions[]): RegionPredictions {
  const [first] = parts;
  if (!first) throw new CorruptArtifactError('A region has no predictions.', 'Run the backtest again.');
  const join = (pick: (part: RegionPredictions) => Float64Array) => {
    const joined = new Float64Array(parts.reduce((sum, part) => sum + pick(part).length, 0));
    let at = 0;
    for (const part of parts) {
      joined.set(pick(part), at);
      at += pick(part).length;
    }
    return joined;
  };
  return {
    region: first.region,
    issuedAt: join(({ issuedAt }) => issuedAt),
    validAt: join(({ validAt }) => validAt),
    ...(Object.fromEntries(BESIDE_NAMES.map((name) => [name, join((part) => part[name])])) as Record<
      Beside,
      Float64Array
    >),
    quantiles: join(({ quantiles }) => quantiles),
  };
}
