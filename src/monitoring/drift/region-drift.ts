import { recordAsOf } from '../../backtest/forecast-record.ts';
import type { LiveModel } from '../../backtest/forecast-model.ts';
import type { RegionRecord } from '../../backtest/forecast.ts';
import type { Manifest } from '../../contracts/artifact.ts';
import type { DriftInput } from '../../contracts/drift.ts';
import { regionCode, type RegionCode } from '../../contracts/regions.ts';
import { HOUR_SECONDS, toDate, toHourStamp } from '../../contracts/time.ts';
import type { Home } from '../../lake/home.ts';
import { baselineFor, type BacktestHours } from './baseline-hours.ts';
import { conceptDrift } from './concept-drift.ts';
import type { RegionDrift } from './document.ts';
import { inputDrift } from './input-drift.ts';
import { jointDrift } from './joint-drift.ts';
import { operatorAbsent } from './operator-absent.ts';
import { performanceDrift } from './performance-drift.ts';
import { predictionDrift } from './prediction-drift.ts';
import { rowsUpTo } from './same-weeks.ts';
import { daysOf } from './scored-hours.ts';
import { DAY_HOURS, watchedSeries } from './watched-series.ts';
import { windowForecasts } from './window-forecasts.ts';

/** What the past can say of what is usual. */
const YEARS_BACK = 6;
/** Fewer days on either side are no error to speak of. */
const LEAST_DAYS = 7;

/** A source that is as late as this is down. */
const STALE_SECONDS = 2 * DAY_HOURS * HOUR_SECONDS;

/** Before its p-values are adjusted among those of all regions. */
export type Undecided = Omit<RegionDrift, 'series' | 'joint' | 'prediction'> & {
  series: Omit<RegionDrift['series'][number], 'adjustedP' | 'drifted'>[];
  joint: Omit<NonNullable<RegionDrift['joint']>, 'adjustedP' | 'drifted'> | null;
  prediction: Omit<NonNullable<RegionDrift['prediction']>, 'adjustedP' | 'drifted'> | null;
};

export interface Watched {
  model: LiveModel;
  backtest: BacktestHours;
}

type Asked = Pick<DriftInput, 'windowDays' | 'thresholds'>;

/** One region as known at `asOf`, seconds since 1970. */
export async function regionDrift(
  watched: Watched & { home: Home; grid: Manifest },
  region: RegionCode,
  asOf: number,
  asked: Asked,
): Promise<Undecided> {
  const { home, grid, model } = watched;
  const earliest = asOf - YEARS_BACK * 366 * DAY_HOURS * HOUR_SECONDS;
  const record = await recordAsOf(home, grid, region, {
    asOf,
    period: { from: toDate(earliest), to: toDate(asOf) },
    columns: model.network?.normaliser.columns,
  });
  return recordDrift(watched, record, asOf, asked);
}

/** The same of a record that is there already, as known at `asOf`. */
export async function recordDrift(
  { model, backtest }: Watched,
  record: RegionRecord,
  asOf: number,
  { windowDays, thresholds }: Asked,
): Promise<Undecided> {
  const region = regionCode.parse(record.rows.region);
  const { rows } = record;
  const at = (row: number) => rows.first + row * HOUR_SECONDS;
  // Demand of the hour that ends at `asOf` is known an hour later; where the source is down, the newest there is.
  const { to: known } = rowsUpTo(rows, asOf - HOUR_SECONDS, 0);
  const window = rowsUpTo(rows, at(record.published[known - 1]!), windowDays * DAY_HOURS);
  const span = { from: at(window.from), to: at(window.to - 1) };
  const series = watchedSeries(rows);
  const inputs = inputDrift(rows, series, window);
  const alone = inputs.series.filter(({ p }) => p !== null).map(({ feature }) => feature);
  const joint = jointDrift(
    series.filter(({ name }) => alone.includes(name)),
    window,
  );
  if (!joint && alone.length >= 2) {
    inputs.notJudged.push('all inputs together: too few earlier windows have them all');
  }
  const found: Undecided = {
    region,
    window: { from: toHourStamp(span.from), to: toHourStamp(span.to) },
    ...{ series: inputs.series, joint, prediction: null, performance: null, concept: null },
    operatorAbsent: null,
    notJudged: inputs.notJudged,
  };
  if (asOf - span.to > STALE_SECONDS) {
    found.notJudged.push(`the days since ${found.window.to}: no demand of them is known`);
  }
  if (!model.dayAhead) {
    found.notJudged.push('answers and errors: the version forecasts hour by hour, not the day ahead');
    return found;
  }
  const unseen = span.to - Math.max(span.from, backtest.learntTo);
  const scored =
    unseen < LEAST_DAYS * DAY_HOURS * HOUR_SECONDS
      ? undefined
      : await windowForecasts(model.dayAhead, record, span, backtest.learntTo);
  if (!scored || daysOf(scored).length < LEAST_DAYS) {
    found.notJudged.push(
      `answers and errors: fewer than ${LEAST_DAYS} days of the window lie after what the version has learnt from`,
    );
    return found;
  }
  const own = backtest.byRegion.get(region);
  const baseline = own && baselineFor(own, span, asOf);
  if (!baseline || daysOf(baseline.hours).length < LEAST_DAYS) {
    found.notJudged.push(
      `answers and errors: its backtest has fewer than ${LEAST_DAYS} days to compare with`,
    );
    return found;
  }
  const past = { region, first: rows.first, demand: rows.demandFinal };
  if (model.dayAhead.issues.operator) found.operatorAbsent = operatorAbsent(scored, baseline.hours);
  found.prediction = predictionDrift(past, scored, baseline, window.from);
  found.performance = performanceDrift(scored, baseline, thresholds);
  found.concept = conceptDrift(region, scored, baseline.hours, thresholds);
  return found;
}
