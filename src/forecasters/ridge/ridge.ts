import { z } from 'zod';
import { ridgeSettings, type RidgeSettings } from '../../contracts/forecasters.ts';
import type { IssueTable } from '../../day-ahead/issue-table.ts';
import { BadInputError } from '../../errors.ts';
import { isKnown, logRatio, newestOf, requireColumns, requireTables } from '../cells.ts';
import { ANY_REGION, requireFitted } from '../fitted-region.ts';
import type { FitContext, FitData, FittedForecaster, Forecaster } from '../forecaster.ts';
import { breathe } from '../pause.ts';
import { readState, writeState } from '../state-bytes.ts';
import { ridgeColumns, withColumns } from './columns.ts';
import { designOf, widthOf, writeRegressors, type Design } from './design.ts';
import { productAt, robustRidge, type Regression } from './robust-fit.ts';

const DAY = 86_400;

const facts = z.strictObject({
  name: z.string(),
  regions: z.array(z.string()).min(1),
  columns: z.array(z.string()).min(1),
  horizon: z.number().int().positive(),
  lambdas: z.array(z.number()),
  /** By region and target hour. */
  indicators: z.array(z.array(z.array(z.number().int().nonnegative()))),
});

type Cell = readonly [IssueTable, number];

interface HourModel {
  design: Design;
  beta: Float64Array;
}
interface RegionModel {
  region: string;
  lambda: number;
  hours: HourModel[];
}

/**
 * A ridge regression a target hour, of ln(actual/base) on the standardised columns; missing values count as the mean,
 * with an indicator where a column often lacks them.
 */
export function ridge(given: Partial<RidgeSettings> = {}): Forecaster {
  const settings = ridgeSettings.parse(given);
  const { pooled } = settings;
  const name = pooled ? 'ridge-pooled' : 'ridge';
  return {
    name,
    async fit({ tables: whole, knownBy }, context) {
      requireTables(whole);
      const columns = ridgeColumns(whole[0]!, settings.without);
      const tables = whole.map((table) => withColumns(table, columns));
      for (const table of tables) requireColumns(table, columns, name);
      const groups = pooled ? [[...tables]] : tables.map((table) => [table]);
      const models: RegionModel[] = [];
      for (const [i, group] of groups.entries()) {
        const part = (done: number) => context.progress?.((i + done) / groups.length);
        const region = pooled ? ANY_REGION : group[0]!.region;
        models.push({
          region,
          ...(await fitGroup(group, knownBy, settings, { ...context, progress: part })),
        });
      }
      return fitted({ name, columns, horizon: tables[0]!.horizon }, models);
    },
    load: (bytes) => loaded(bytes, name),
  };
}

async function fitGroup(
  tables: readonly IssueTable[],
  knownBy: FitData['knownBy'],
  settings: RidgeSettings,
  context: FitContext,
): Promise<Omit<RegionModel, 'region'>> {
  const { horizon } = tables[0]!;
  const byHour = Array.from({ length: horizon }, (_, hour) => knownCells(tables, hour, knownBy));
  const lambda = await chooseLambda(byHour, settings, context);
  const hours: HourModel[] = [];
  for (const [hour, cells] of byHour.entries()) {
    await breathe(context.signal);
    context.progress?.(0.5 + hour / horizon / 2);
    const known = requireCells(cells, tables, hour);
    hours.push(fitHour(known, settings, lambda));
  }
  return { lambda, hours };
}

/** Cells of one target hour whose outcome is known, in order of time within each table. */
function knownCells(tables: readonly IssueTable[], hour: number, knownBy: number): Cell[] {
  return tables.flatMap((table) =>
    Array.from(table.issuedAt, (_, i) => i * table.horizon + hour)
      .filter((cell) => isKnown(table, cell, knownBy))
      .map((cell) => [table, cell] as const),
  );
}

function requireCells(cells: Cell[], tables: readonly IssueTable[], hour: number): Cell[] {
  if (cells.length > 1) return cells;
  throw new BadInputError(
    `${tables.map(({ region }) => region).join(', ')} has ${cells.length} issues with a known outcome of target hour ${hour + 1}: too few to fit on.`,
    'Fit on a longer period.',
  );
}

function fitHour(cells: Cell[], settings: RidgeSettings, lambda: number): HourModel {
  const design = designOf(cells);
  const { rounds, huber } = settings;
  return {
    design,
    beta: robustRidge(regressionOf(design, cells, settings), { lambda, rounds, huber }),
  };
}

function regressionOf(design: Design, cells: readonly Cell[], { halfLifeDays }: RidgeSettings): Regression {
  const width = widthOf(design);
  const newest = newestOf(cells);
  const x = new Float64Array(cells.length * width);
  cells.forEach(([table, cell], i) =>
    writeRegressors(design, table.features, cell * table.columns.length, x, i * width),
  );
  return {
    x,
    width,
    y: Float64Array.from(cells, ([table, cell]) => logRatio(table, cell)),
    weights: Float64Array.from(
      cells,
      ([table, cell]) => 0.5 ** ((newest - table.validAt[cell]!) / DAY / halfLifeDays),
    ),
  };
}

/** The penalty with the least error on the last part of the issues, over every third target hour. */
async function chooseLambda(
  byHour: readonly Cell[][],
  settings: RidgeSettings,
  { signal, progress }: FitContext,
): Promise<number> {
  const lambdas = settings.lambdas.toSorted((a, b) => b - a);
  if (lambdas.length === 1) return lambdas[0]!;
  const errors = new Float64Array(lambdas.length);
  const step = byHour.length > 6 ? 3 : 1;
  for (let hour = Math.min(1, byHour.length - 1); hour < byHour.length; hour += step) {
    await breathe(signal);
    progress?.(hour / byHour.length / 2);
    const times = byHour[hour]!.map(([table, cell]) => table.validAt[cell]!).sort((a, b) => a - b);
    const split = Math.max(
      times.at(-1)! - settings.holdoutDays * DAY,
      times[Math.floor(times.length * 0.75)] ?? 0,
    );
    const before = byHour[hour]!.filter(([table, cell]) => table.validAt[cell]! < split);
    const after = byHour[hour]!.filter(([table, cell]) => table.validAt[cell]! >= split);
    if (before.length < 2) continue;
    const design = designOf(before);
    const rows = regressionOf(design, before, settings);
    const test = regressionOf(design, after, settings);
    let start: Float64Array | undefined;
    lambdas.forEach((lambda, i) => {
      // A neighbour's coefficients are near: one round from them does what three do from nothing.
      start = robustRidge(rows, { lambda, rounds: start ? 1 : 2, huber: settings.huber, start });
      const beta = start;
      test.y.forEach((y, row) => (errors[i]! += Math.abs(y - productAt(test, row, beta))));
    });
  }
  return lambdas[errors.indexOf(Math.min(...errors))]!;
}

type Known = Pick<z.infer<typeof facts>, 'name' | 'columns' | 'horizon'>;

function fitted({ name, columns, horizon }: Known, models: RegionModel[]): FittedForecaster {
  const regions = models.map(({ region }) => region);
  return {
    name,
    levels: [0.5],
    async predict(whole) {
      const { hours } = models[requireFitted(name, regions, horizon, whole)]!;
      const table = withColumns(whole, columns);
      requireColumns(table, columns, name);
      const row = new Float64Array(Math.max(...hours.map(({ design }) => widthOf(design))));
      return table.base.map((base, cell) => {
        if (!(base > 0)) return Number.NaN;
        const { design, beta } = hours[cell % horizon]!;
        writeRegressors(design, table.features, cell * columns.length, row, 0);
        return base * Math.exp(productAt({ x: row, width: beta.length }, 0, beta));
      });
    },
    save: () =>
      writeState({
        facts: {
          name,
          regions,
          columns,
          horizon,
          lambdas: models.map(({ lambda }) => lambda),
          indicators: models.map(({ hours }) => hours.map(({ design }) => [...design.indicators])),
        },
        arrays: {
          means: joined(models, ({ design }) => design.means),
          scales: joined(models, ({ design }) => design.scales),
          betas: joined(models, ({ beta }) => beta),
        },
      }),
  };
}

const joined = (models: readonly RegionModel[], pick: (hour: HourModel) => Float64Array) =>
  Float64Array.from(models.flatMap(({ hours }) => hours.flatMap((hour) => [...pick(hour)])));

function loaded(bytes: Uint8Array, name: string): FittedForecaster {
  const { facts: known, arrays } = readState(bytes, name, facts, ({ columns, indicators }) => {
    const hours = indicators.flat();
    const places = columns.length;
    const betas = hours.reduce((sum, { length }) => sum + places + length + 1, 0);
    return { means: hours.length * places, scales: hours.length * places, betas };
  });
  const part = (array: string) => arrays[array] as Float64Array;
  let from = 0;
  let betaFrom = 0;
  const models = known.regions.map((region, r) => ({
    region,
    lambda: known.lambdas[r]!,
    hours: known.indicators[r]!.map((indicators): HourModel => {
      const means = part('means').slice(from, from + known.columns.length);
      const scales = part('scales').slice(from, from + known.columns.length);
      from += known.columns.length;
      const design = { means, scales, indicators: Int32Array.from(indicators) };
      const betaTo = betaFrom + widthOf(design);
      const beta = part('betas').slice(betaFrom, betaTo);
      betaFrom = betaTo;
      return { design, beta };
    }),
  }));
  return fitted(known, models);
}
