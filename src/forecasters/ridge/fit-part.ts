import type { RidgeSettings } from '../../contracts/forecasters.ts';
import type { IssueTable } from '../../day-ahead/issue-table.ts';
import { BadInputError } from '../../errors.ts';
import { isKnown, logRatio, newestOf } from '../cells.ts';
import type { FitData } from '../forecaster.ts';
import type { PartContext } from '../parts/parts.ts';
import { breathe } from '../pause.ts';
import { designOf, widthOf, writeRegressors, type Design } from './design.ts';
import type { Regression } from './normal-equations.ts';
import { productAt, robustRidge } from './robust-fit.ts';

const DAY = 86_400;

type Cell = readonly [IssueTable, number];

export interface HourModel {
  design: Design;
  beta: Float64Array;
}

export interface RidgePart extends FitData {
  settings: RidgeSettings;
}

/** A regression a target hour, of one region or of all together, with the penalty that serves all hours best. */
export async function fitRidgePart(
  { tables, knownBy, settings }: RidgePart,
  context: PartContext,
): Promise<{ lambda: number; hours: HourModel[] }> {
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
  { signal, progress }: PartContext,
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
