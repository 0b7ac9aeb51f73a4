import type { SeriesPlan } from '../contracts/series.ts';
import type { Home } from '../lake/home.ts';
import { seriesData } from './series-data.ts';
import { readSeries } from './series-file.ts';

/** Refuses a plan that the series cannot carry (too few rows, a constant column) before anything is started for it. */
export async function checkPlan(home: Home, plan: SeriesPlan): Promise<void> {
  const { series } = await readSeries(home, plan.series);
  seriesData(series, plan);
}
