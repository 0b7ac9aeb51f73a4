import type { RegionScores } from '../../backtest/scores.ts';
import { FORECASTER_STYLES } from '../forecasters.ts';
import { count, hours, megawatts, percent, ratio } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { bestMarked, keyed } from '../score-cells.ts';
import { styled, table } from '../table.ts';

type Metric = 'mape' | 'mae' | 'rmse' | 'mase';

const METRICS: { metric: Metric; title: string; format: (value: number | null | undefined) => string }[] = [
  { metric: 'mae', title: 'Mean absolute error', format: megawatts },
  { metric: 'rmse', title: 'Root mean square error', format: megawatts },
  { metric: 'mase', title: 'Mean absolute scaled error', format: ratio },
];

/** The headline: MAPE of everybody on the same hours, the best of each region marked; the other metrics below. */
export function scoresSection(regions: readonly RegionScores[]): Markup {
  return html`<section aria-labelledby="scores">
    <h2 id="scores">Scores</h2>
    <p class="lede">
      Mean absolute percentage error of the day-ahead forecast. Every column is scored on the same hours;
      where the operator's forecast is missing for some of them, its count is given.
    </p>
    ${scoreTable(regions, 'mape', percent)}
    <details>
      <summary>Errors in megawatts, and scaled</summary>
      ${METRICS.map(
        ({ metric, title, format }) =>
          html`<h3>${title}</h3>
            ${scoreTable(regions, metric, format)}`,
      )}
    </details>
    ${atOnceNote(regions)} ${onOperatorHoursNote(regions)}
  </section>`;
}

function scoreTable(
  regions: readonly RegionScores[],
  metric: Metric,
  format: (value: number | null | undefined) => string,
): Markup {
  return table(
    ['Region', ...keyed(FORECASTER_STYLES.map(({ name, label }) => ({ key: name, label }))), 'Hours'],
    regions.map(({ region, overall, onOperatorHours }) => {
      const isPartial = onOperatorHours.hours < overall.hours;
      const values = FORECASTER_STYLES.map(({ name }) => overall[metric][name] ?? null);
      const cells = bestMarked(values, format, (i) =>
        FORECASTER_STYLES[i]!.name === 'operator' && values[i] !== null && isPartial
          ? html`<small>${hours(onOperatorHours.hours)}</small>`
          : null,
      );
      return [region, ...cells, styled('hours', count(overall.hours))];
    }),
    'scores',
  );
}

/** Only backtests that read the whole record know it. */
function atOnceNote(regions: readonly RegionScores[]): Markup | false {
  const known = regions.filter(({ overall }) => typeof overall.mape.latestKnownAtOnce === 'number');
  return (
    known.length > 0 &&
    html`<p class="note">
      Were demand known the moment its hour ends, and not one hour later, the latest known same hour would
      score
      ${known
        .map(({ region, overall }) => `${region} ${percent(overall.mape.latestKnownAtOnce)}`)
        .join(', ')}.
    </p>`
  );
}

function onOperatorHoursNote(regions: readonly RegionScores[]): Markup | false {
  const partial = regions.filter(
    ({ overall, onOperatorHours }) => onOperatorHours.hours > 0 && onOperatorHours.hours < overall.hours,
  );
  return (
    partial.length > 0 &&
    html`<p class="note">
      On the hours for which the operator's forecast is there:
      ${partial
        .map(
          ({ region, onOperatorHours: { hours: operatorHours, mape } }) =>
            `${region} model ${percent(mape.model)}, operator ${percent(mape.operator)} (${hours(operatorHours)})`,
        )
        .join('; ')}.
    </p>`
  );
}
