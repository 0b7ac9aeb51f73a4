import { z } from 'zod';
import type { IssueTable } from '../day-ahead/issue-table.ts';
import { isKnown, requireTables } from './cells.ts';
import type { FitContext, FitData, FittedForecaster, Forecaster } from './forecaster.ts';
import { requireFitted } from './fitted-region.ts';
import { median } from './quantiles.ts';
import { readState, writeState } from './state-bytes.ts';

const MONTHS = 12;
const DAY = 86_400;
/** Workday, Saturday, Sunday or holiday. */
const DAY_TYPES = 3;

const facts = z.strictObject({ regions: z.array(z.string()), horizon: z.number().int().positive() });

/**
 * What is usual: the median demand of a target hour by month and kind of day over the training years, in MW and not
 * moved to the level of the last weeks, as climatology is understood. A kind of day that a month never had takes
 * the month's median of that hour, and a month that never was the median of all.
 */
export const climatology: Forecaster = {
  name: 'climatology',
  async fit({ tables, knownBy }: FitData, { signal }: FitContext): Promise<FittedForecaster> {
    signal.throwIfAborted();
    requireTables(tables);
    const horizon = tables[0]!.horizon;
    const medians = tables.map((table) => mediansOf(table, knownBy));
    const regions = tables.map(({ region }) => region);
    return fitted(regions, horizon, Float64Array.from(medians.flatMap((values) => [...values])));
  },
  load(bytes) {
    const { facts: known, arrays } = readState(bytes, 'climatology', facts, ({ regions, horizon }) => ({
      medians: regions.length * binsOf(horizon),
    }));
    return fitted(known.regions, known.horizon, arrays['medians'] as Float64Array);
  },
};

const binsOf = (horizon: number) => MONTHS * DAY_TYPES * horizon;

function fitted(regions: readonly string[], horizon: number, medians: Float64Array): FittedForecaster {
  return {
    name: 'climatology',
    levels: [0.5],
    async predict(table) {
      const from = requireFitted('climatology', regions, horizon, table) * binsOf(horizon);
      const binAt = binReader(table);
      return table.base.map((base, cell) => (base > 0 ? medians[from + binAt(cell)]! : Number.NaN));
    },
    save: () => writeState({ facts: { regions, horizon }, arrays: { medians } }),
  };
}

function mediansOf(table: IssueTable, knownBy: number): Float64Array {
  const { horizon } = table;
  const binAt = binReader(table);
  const bins = Array.from({ length: binsOf(horizon) }, (): number[] => []);
  table.actual.forEach((mw, cell) => {
    if (isKnown(table, cell, knownBy)) bins[binAt(cell)]!.push(mw);
  });
  const inMonth = (month: number, hour: number) =>
    Array.from({ length: DAY_TYPES }, (_, type) => bins[(month * DAY_TYPES + type) * horizon + hour]!).flat();
  const ever = Array.from({ length: horizon }, (_, hour) =>
    Array.from({ length: MONTHS }, (_month, month) => inMonth(month, hour)).flat(),
  );
  const fallback = median(ever.flat());
  return Float64Array.from(bins, (values, bin) => {
    const hour = bin % horizon;
    const month = Math.floor(bin / (DAY_TYPES * horizon));
    const fullest = [values, inMonth(month, hour), ever[hour]!].find(({ length }) => length > 0);
    return fullest ? median(fullest) : fallback;
  });
}

/** Month, kind of day and target hour of a cell as one number; the local calendar where the table has its columns. */
function binReader(table: IssueTable): (cell: number) => number {
  const width = table.columns.length;
  const column = (name: string) => table.columns.findIndex((candidate) => candidate.name === name);
  const [weekday, holiday] = [column('weekday'), column('holiday')];
  const at = (cell: number, index: number) => table.features[cell * width + index]!;
  return (cell) => {
    // The hour that ends at midnight belongs to the day before.
    const begins = table.validAt[cell]! - 1;
    const day = weekday < 0 ? (Math.floor(begins / DAY) + 3) % 7 : at(cell, weekday);
    const isHoliday = holiday >= 0 && at(cell, holiday) > 0;
    const type = day === 6 || isHoliday ? 2 : day === 5 ? 1 : 0;
    const month = new Date(begins * 1000).getUTCMonth();
    return (month * DAY_TYPES + type) * table.horizon + (cell % table.horizon);
  };
}
