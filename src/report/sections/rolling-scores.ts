import type { RollingRegionScores } from '../../backtest/rolling/document.ts';
import { count, megawatts, percent, ratio } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { bestMarked, keyed } from '../score-cells.ts';
import { styled, table } from '../table.ts';
import type { ColumnStyle } from '../rolling-styles.ts';

type Metric = 'mape' | 'crps' | 'mae' | 'rmse' | 'mase';
type Format = (value: number | null | undefined) => string;

const BELOW: { metric: Metric; title: string; format: Format }[] = [
  { metric: 'crps', title: 'CRPS, of demand', format: percent },
  { metric: 'mae', title: 'Mean absolute error', format: megawatts },
  { metric: 'rmse', title: 'Root mean square error', format: megawatts },
  { metric: 'mase', title: 'Mean absolute scaled error', format: ratio },
];

/** MAPE of everybody on the very same hours, the best of each region marked; the other metrics below. */
export function rollingScoresSection(
  regions: readonly RollingRegionScores[],
  styles: readonly ColumnStyle[],
): Markup {
  return html`<section aria-labelledby="scores">
    <h2 id="scores">Scores</h2>
    <p class="lede">
      Mean absolute percentage error of the day-ahead forecast, every column on the very same hours: those for
      which demand, every forecaster and every baseline have a value.
    </p>
    ${scoreTable(regions, styles, 'mape', percent)} ${comparedNote(regions)}
    <details>
      <summary>CRPS, errors in megawatts, and scaled</summary>
      ${BELOW.map(
        ({ metric, title, format }) =>
          html`<h3>${title}</h3>
            ${scoreTable(regions, styles, metric, format)}`,
      )}
    </details>
  </section>`;
}

function scoreTable(
  regions: readonly RollingRegionScores[],
  styles: readonly ColumnStyle[],
  metric: Metric,
  format: Format,
): Markup {
  return table(
    ['Region', ...keyed(styles), 'Hours'],
    regions.map(({ region, same }) => [
      region,
      ...bestMarked(
        styles.map(({ name }) => same[metric][name] ?? null),
        format,
      ),
      styled('hours', count(same.hours)),
    ]),
    'scores',
  );
}

/** Where the operator's forecast would cost more than half of the hours, it is left out of the comparison. */
function comparedNote(regions: readonly RollingRegionScores[]): Markup {
  const left = regions.map(({ region, counts, same }) => {
    const parts = [
      `${count(same.hours)} of ${count(counts.asked)}`,
      counts.withoutActual > 0 && `${count(counts.withoutActual)} without believable demand`,
      counts.withoutBaseline > 0 && `${count(counts.withoutBaseline)} without a persistence`,
      counts.withoutModel > 0 && `${count(counts.withoutModel)} without a forecast`,
      counts.withoutOperator > 0 && `${count(counts.withoutOperator)} without the operator's forecast`,
    ];
    return `${region} ${parts.filter(Boolean).join(', ')}`;
  });
  return html`<p class="note">Hours of the period: ${left.join('; ')}.</p>`;
}
