import { z } from 'zod';
import { ridgeSettings, type RidgeSettings } from '../../contracts/forecasters.ts';
import { issuesOf } from '../../day-ahead/issue-table.ts';
import { requireColumns, requireTables } from '../cells.ts';
import { ANY_REGION, requireFitted } from '../fitted-region.ts';
import type { FittedForecaster, Forecaster } from '../forecaster.ts';
import { fitParts } from '../parts/fit-parts.ts';
import { readState, writeState } from '../state-bytes.ts';
import { ownIssues, ridgeColumns, withColumns } from './columns.ts';
import { widthOf, writeRegressors } from './design.ts';
import type { HourModel } from './fit-part.ts';
import { productAt } from './robust-fit.ts';

const facts = z.strictObject({
  name: z.string(),
  regions: z.array(z.string()).min(1),
  columns: z.array(z.string()).min(1),
  horizon: z.number().int().positive(),
  lambdas: z.array(z.number()),
  /** By region and target hour. */
  indicators: z.array(z.array(z.array(z.number().int().nonnegative()))),
});

/** A table's columns without its cells. */
const NONE = { from: 0, to: 0 };

interface RegionModel {
  region: string;
  lambda: number;
  hours: HourModel[];
}

/**
 * A ridge regression a target hour, of ln(actual/base) on the standardised columns; missing values count as the mean,
 * with an indicator where a column often lacks them.
 */
export function ridge(given: Partial<RidgeSettings> = {}, called?: string): Forecaster {
  const settings = ridgeSettings.parse(given);
  const { pooled } = settings;
  const name = called ?? (pooled ? 'ridge-pooled' : 'ridge');
  return {
    name,
    async fit({ tables, knownBy }, context) {
      requireTables(tables);
      const columns = ridgeColumns(tables[0]!, settings.without);
      for (const table of tables) requireColumns(withColumns(issuesOf(table, NONE), columns), columns, name);
      const groups = pooled ? [[...tables]] : tables.map((table) => [table]);
      const parts = await fitParts(
        'ridge',
        groups.map((group) => () => {
          const own = group.map((table) => ownIssues(table, knownBy, columns));
          return { tables: own, knownBy, settings };
        }),
        context,
      );
      const models = parts.map((part, i) => ({ region: pooled ? ANY_REGION : tables[i]!.region, ...part }));
      return fitted({ name, columns, horizon: tables[0]!.horizon }, models);
    },
    load: (bytes) => loaded(bytes, name),
  };
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
