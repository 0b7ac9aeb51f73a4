import type { ScoresDocument } from '../../backtest/scores.ts';
import { leadChart, monthChart } from '../charts/errors.ts';
import { html, type Markup } from '../html.ts';
import { legend } from './legend.ts';

/** Where the errors lie: by hour and lead, and by month. */
export function errorsSection({ regions }: ScoresDocument): Markup {
  const leads = regions.flatMap(({ byLead }) => byLead.map(({ leadHours }) => leadHours));
  return html`<section aria-labelledby="by-hour">
      <h2 id="by-hour">Error by hour</h2>
      <p class="lede">
        Mean absolute percentage error by hour of the local standard day. One forecast a day covers them all,
        so the lead time grows along with the hour, from ${Math.min(...leads)} to ${Math.max(...leads)} hours
        after issue.
      </p>
      ${legend()} ${multiples(regions, leadChart)}
    </section>
    <section aria-labelledby="by-month">
      <h2 id="by-month">Error by month</h2>
      <p class="lede">Mean absolute percentage error by month (UTC).</p>
      ${legend()} ${multiples(regions, monthChart)}
    </section>`;
}

/** The same chart once a region. */
const multiples = (regions: ScoresDocument['regions'], chart: typeof leadChart | typeof monthChart): Markup =>
  html`<div class="multiples">
    ${regions.map(
      (scores) =>
        html`<figure>
          <figcaption>${scores.region}</figcaption>
          ${chart(scores)}
        </figure>`,
    )}
  </div>`;
