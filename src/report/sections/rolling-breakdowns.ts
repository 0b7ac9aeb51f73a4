import type { RollingRegionScores } from '../../backtest/rolling/document.ts';
import { breakdownChart, type BreakdownAxis } from '../charts/breakdown.ts';
import { monthLetter } from '../charts/coverage.ts';
import { count, percent } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { keyed } from '../score-cells.ts';
import { styled, table } from '../table.ts';
import type { ColumnStyle } from '../rolling-styles.ts';

/** Whoever is so many times as far off as the model would flatten every chart. */
const TOO_FAR = 2;

const CHARTS: { by: 'month' | 'leadHours' | 'localHour' | 'weekday'; title: string; axis: BreakdownAxis }[] =
  [
    { by: 'month', title: 'month', axis: { label: null, tickFormat: monthLetter } },
    {
      by: 'leadHours',
      title: 'lead hour',
      axis: { label: 'hours after issue', ticks: [15, 20, 25, 30, 35] },
    },
    {
      by: 'localHour',
      title: 'hour of the local day',
      axis: { label: 'clock hour', ticks: [0, 6, 12, 18, 23] },
    },
    {
      by: 'weekday',
      title: 'weekday',
      axis: { label: null, tickFormat: (day) => String(day).slice(0, 2) },
    },
  ];

/** Where the errors lie. */
export function breakdownsSection(
  regions: readonly RollingRegionScores[],
  styles: readonly ColumnStyle[],
): Markup {
  const shown = styles.filter(({ name }) =>
    regions.some(({ same }) => (same.mape[name] ?? Infinity) <= TOO_FAR * (same.mape['model'] ?? Infinity)),
  );
  const left = styles.filter((style) => !shown.includes(style)).map(({ label }) => label);
  return html`<section aria-labelledby="breakdowns">
    <h2 id="breakdowns">Where the errors lie</h2>
    <p class="lede">
      Mean absolute percentage error by month (UTC), lead hour, hour of the local clock and weekday.
      ${left.length > 0 && `Too far off to be drawn: ${left.join(', ')}.`}
    </p>
    <ul class="legend">
      ${shown.map(({ key, label }) => html`<li><i class="key ${key}"></i>${label}</li>`)}
    </ul>
    ${CHARTS.map(
      ({ by, title, axis }) =>
        html`<h3>By ${title}</h3>
          <div class="multiples">
            ${regions.map(
              (scores) =>
                html`<figure>
                  <figcaption>${scores.region}</figcaption>
                  ${breakdownChart(`${scores.region}: error by ${title}`, scores.by[by], shown, axis)}
                </figure>`,
            )}
          </div>`,
    )}
    <h3>Peak hours and holidays</h3>
    ${kindsTable(regions, shown)}
    <p class="note">
      Peak hours: 6 to 22 o'clock of working days. Holidays: those of the United States, with the days on
      which they are observed, the day after Thanksgiving and Christmas Eve.
    </p>
  </section>`;
}

function kindsTable(regions: readonly RollingRegionScores[], styles: readonly ColumnStyle[]): Markup {
  const rows = regions.flatMap(({ region, by }) =>
    [...by.peak, ...by.holiday].map((group, i) => ({ region: i === 0 ? region : '', group })),
  );
  return table(
    ['Region', 'Hours of', ...keyed(styles), 'Hours'],
    rows.map(({ region, group }) => [
      region,
      group.key,
      ...styles.map(({ name }) => percent(group.mape[name])),
      styled('hours', count(group.hours)),
    ]),
  );
}
