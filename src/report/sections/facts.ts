import type { RegionScores } from '../../backtest/scores.ts';
import { HOUR_SECONDS, firstHourOf, lastHourOf } from '../../contracts/time.ts';
import type { ReportData } from '../report-data.ts';
import { count, period } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { factList } from '../fact-list.ts';
import { table } from '../table.ts';

/** What went in, what was assumed, how the figures are defined, and what the result can be traced back to. */
export function factsSection(data: ReportData): Markup {
  const { scores, sequences, features, account, lineage } = data;
  const { protocol } = scores;
  const demand = account.filter(({ series }) => series === 'D');
  const total = (pick: 'present' | 'missing') => demand.reduce((sum, line) => sum + line[pick], 0);
  const scored = scores.regions.reduce((sum, { counts }) => sum + counts.scored, 0);
  const asked = scores.regions.reduce((sum, { counts }) => sum + counts.asked, 0);
  const { from, to } = sequences.train;
  const trained = (lastHourOf(to) - firstHourOf(from)) / HOUR_SECONDS + 1;
  const facts: [string, string][] = [
    ['Hours of demand ingested', `${count(total('present'))}; ${count(total('missing'))} missing`],
    [
      'Hours trained on',
      `${count(trained * scores.regions.length)}: ${period(sequences.train)}, ${count(scores.regions.length)} regions`,
    ],
    ['Hours scored', `${period(protocol.score)}: ${count(scored)} of ${count(asked)}`],
    ['Rows of features', count(features.rows)],
    [
      'Features',
      `${count(features.columns)} columns; ${count(sequences.channels.length)} channels into the network`,
    ],
    [
      'Issued',
      `${String(protocol.issueHourLocal).padStart(2, '0')}:00 local standard time of the day before, all year`,
    ],
  ];
  return html`<section aria-labelledby="facts">
    <h2 id="facts">What this rests on</h2>
    ${factList(facts)}
    <h3>When a value counts as known</h3>
    <p class="note">
      The archive holds no publication times, so these are assumptions; what is fetched from the source itself
      counts from when it was first seen.
    </p>
    <ul>
      <li>Demand of an hour: ${count(protocol.demandDelayHours)} h after the hour's end.</li>
      <li>
        ${OPERATOR_FORECAST[data.dfAvailability]} Where the model uses it as an input, this is part of its
        score.
      </li>
      <li>Net generation, interchange and fuels: 12:00 UTC of the next day.</li>
    </ul>
    <h3>How it is measured</h3>
    <ul>
      <li>
        An hour is scored when its demand, as finally settled, is believable and the model and every
        persistence have a value. ${countsTable(scores.regions)}
      </li>
      <li>
        MASE divides by the mean absolute error of ${count(protocol.maseSeasonHours)} h persistence over the
        training hours (Hyndman &amp; Koehler, 2006).
      </li>
      ${
        protocol.contextHours !== null &&
        html`<li>
          The model reads at least ${count(protocol.contextHours)} hours of history before each issue, where
          the record reaches back so far.
        </li>`
      }
    </ul>
    <h3>Lineage</h3>
    ${table(
      ['Made', 'Manifest and its SHA-256'],
      lineage.map(({ stage, reference }) => [
        stage,
        html`<code>${reference.uri}</code> <code class="hash">${reference.sha256}</code>`,
      ]),
      'lineage',
    )}
  </section>`;
}

const OPERATOR_FORECAST: Record<ReportData['dfAvailability'], string> = {
  operator:
    "The operator's day-ahead forecast: 10:00 local standard time of the day before, when the operator holds it; EIA publishes it later.",
  eia: "The operator's day-ahead forecast: 12:00 UTC of the operating day, when EIA publishes it.",
};

function countsTable(regions: readonly RegionScores[]): Markup {
  return table(
    [
      ...['Region', 'Hours of the period', 'Scored', 'Demand not believable', 'A persistence missing'],
      'Model silent',
    ],
    regions.map(({ region, counts: { asked, scored, withoutActual, withoutBaseline, withoutModel } }) => [
      region,
      ...[asked, scored, withoutActual, withoutBaseline, withoutModel].map(count),
    ]),
    'counts',
  );
}
