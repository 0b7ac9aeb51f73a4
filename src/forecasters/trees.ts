import { z } from 'zod';
import { loadTrees, type TreeData, type TreeModel } from '../baselines/gradient-boosting.ts';
import { columnsReadBy } from '../contracts/column-roles.ts';
import { treesSettings, type TreesSettings } from '../contracts/forecasters.ts';
import type { IssueTable } from '../day-ahead/issue-table.ts';
import { BadInputError } from '../errors.ts';
import { bundle, unbundle } from './bundle.ts';
import { isKnown, logRatio, newestOf, requireColumns, requireTables } from './cells.ts';
import { ANY_REGION, requireFitted } from './fitted-region.ts';
import type { FitData, FittedForecaster, Forecaster } from './forecaster.ts';
import { fitParts } from './parts/fit-parts.ts';
import { readState, writeState } from './state-bytes.ts';

const DAY = 86_400;

const facts = z.strictObject({
  name: z.string(),
  regions: z.array(z.string()).min(1),
  columns: z.array(z.string()).min(1),
  horizon: z.number().int().positive(),
  /** Which of the columns they see. */
  used: z.array(z.number().int().nonnegative()),
});
type Facts = z.infer<typeof facts>;

/** Gradient-boosted trees over all target hours of a region, of ln(actual/base), with the place in the horizon as a column. */
export function trees(given: Partial<TreesSettings> = {}, called?: string): Forecaster {
  const settings = treesSettings.parse(given);
  const { pooled } = settings;
  const name = called ?? (pooled ? 'trees-pooled' : 'trees');
  return {
    name,
    async fit({ tables, knownBy }, context) {
      requireTables(tables);
      const columns = tables[0]!.columns.map((column) => column.name);
      for (const table of tables) requireColumns(table, columns, name);
      const groups = pooled ? [[...tables]] : tables.map((table) => [table]);
      const used = columnsReadBy('trees', tables[0]!.columns).filter(
        (f) => !settings.without.includes(columns[f]!),
      );
      const { halfLifeDays, pooled: _pooled, without: _without, ...own } = settings;
      const parts = await fitParts(
        'trees',
        groups.map((group) => () => ({
          data: treeDataOf(group, knownBy, used, halfLifeDays),
          settings: { ...own, seed: context.seed },
        })),
        context,
      );
      const models = parts.map(loadTrees);
      const regions = pooled ? [ANY_REGION] : tables.map(({ region }) => region);
      return fitted({ name, regions, columns, horizon: tables[0]!.horizon, used }, models);
    },
    load(bytes) {
      const files = unbundle(bytes, name);
      const known = readState(files.get('facts') ?? new Uint8Array(), name, facts, () => ({})).facts;
      const models = known.regions.map((region) => loadTrees(files.get(region) ?? new Uint8Array()));
      return fitted(known, models);
    },
  };
}

function treeDataOf(
  tables: readonly IssueTable[],
  knownBy: FitData['knownBy'],
  used: readonly number[],
  halfLifeDays: number,
): TreeData {
  const cells = tables.flatMap((table) =>
    Array.from(table.actual, (_, cell) => cell)
      .filter((cell) => isKnown(table, cell, knownBy))
      .map((cell) => [table, cell] as const),
  );
  if (cells.length < 2) {
    throw new BadInputError(
      `${tables.map(({ region }) => region).join(', ')} has ${cells.length} hours with a known outcome: too few to fit on.`,
      'Fit on a longer period.',
    );
  }
  const columns = used.length + 1;
  const newest = newestOf(cells);
  const data: TreeData = {
    features: new Float32Array(cells.length * columns),
    rows: cells.length,
    columns,
    target: Float32Array.from(cells, ([table, cell]) => logRatio(table, cell)),
    weights: Float32Array.from(
      cells,
      ([table, cell]) => 0.5 ** ((newest - table.validAt[cell]!) / DAY / halfLifeDays),
    ),
  };
  cells.forEach(([table, cell], row) => writeRow(table, cell, used, data.features, row));
  return data;
}

function fitted(known: Facts, models: readonly TreeModel[]): FittedForecaster {
  const { name, regions, columns, horizon, used } = known;
  return {
    name,
    levels: [0.5],
    async predict(table) {
      const model = models[requireFitted(name, regions, horizon, table)]!;
      requireColumns(table, columns, name);
      const rows = table.base.length;
      const features = new Float32Array(rows * (used.length + 1));
      for (let cell = 0; cell < rows; cell++) writeRow(table, cell, used, features, cell);
      const ratios = model.predict(features, rows);
      return table.base.map((base, cell) => (base > 0 ? base * Math.exp(ratios[cell]!) : Number.NaN));
    },
    save: () =>
      bundle(
        new Map([
          ['facts', writeState({ facts: known, arrays: {} })],
          ...regions.map((region, r) => [region, models[r]!.save()] as const),
        ]),
      ),
  };
}

/** What of a cell's columns is used, and after them its place in the horizon. */
function writeRow(
  { features, columns, horizon }: IssueTable,
  cell: number,
  used: readonly number[],
  into: Float32Array,
  row: number,
): void {
  const from = cell * columns.length;
  const at = row * (used.length + 1);
  for (let f = 0; f < used.length; f++) {
    const value = features[from + used[f]!]!;
    // Infinite is as good as missing.
    into[at + f] = Math.abs(value) === Infinity ? Number.NaN : value;
  }
  into[at + used.length] = cell % horizon;
}
