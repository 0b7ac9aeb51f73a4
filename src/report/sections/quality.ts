import { QUALITY_STEPS, qualityCalendar } from '../charts/quality.ts';
import { count, hours, percent } from '../format.ts';
import { html, type Markup } from '../html.ts';
import type { RegionQuality } from '../quality.ts';

/** Which weeks of the record are to be trusted. */
export function qualitySection(quality: readonly RegionQuality[]): Markup {
  return html`<section aria-labelledby="quality">
    <h2 id="quality">Data quality</h2>
    <p class="lede">
      The demand record as a forecast could see it: the share of each week's hours that were missing or failed
      a check. Rejected values are replaced only by what was known before them. Which hours are scored is
      judged apart, with hindsight.
    </p>
    <ul class="legend">
      ${QUALITY_STEPS.map(({ label }, i) => html`<li><i class="swatch q${i}"></i>${label}</li>`)}
    </ul>
    <div class="multiples wide">
      ${quality.map(
        (region) =>
          html`<figure>
            <figcaption>
              ${region.region}
              <small
                >${count(region.rejected)} of ${hours(region.hours)} rejected
                (${percent((100 * region.rejected) / region.hours)})</small
              >
            </figcaption>
            ${qualityCalendar(region)}
            <p class="note">${reasonsOf(region)}</p>
          </figure>`,
      )}
    </div>
  </section>`;
}

const reasonsOf = ({ reasons, imputed }: RegionQuality) =>
  [
    ...Object.entries(reasons)
      .sort(([, a], [, b]) => b - a)
      .map(([reason, lost]) => `${reason} ${count(lost)}`),
    `filled in ${count(imputed)}`,
  ].join(' · ');
