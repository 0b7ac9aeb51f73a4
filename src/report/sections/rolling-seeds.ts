import type { RollingDocument, Spread } from '../../backtest/rolling/document.ts';
import { percent } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { keyed } from '../score-cells.ts';
import { table } from '../table.ts';
import type { ColumnStyle } from '../rolling-styles.ts';

/** How much of a score is the luck of a seed. */
export function seedsSection(
  { protocol, regions }: RollingDocument,
  styles: readonly ColumnStyle[],
): Markup | false {
  const { seeds } = protocol.rolling;
  if (seeds.length < 2) return false;
  const shown = styles.filter(({ name }) => regions[0]?.spread[name]);
  return html`<section aria-labelledby="seeds">
    <h2 id="seeds">Spread over seeds</h2>
    <p class="lede">
      Everything was fitted and scored once with each of the seeds ${seeds.join(', ')}: mean MAPE, its
      standard deviation, and the least and the most of them. All other figures on this page are of seed
      ${seeds[0]}.
    </p>
    ${table(
      ['Region', ...keyed(shown)],
      regions.map(({ region, spread }) => [region, ...shown.map(({ name }) => spreadCell(spread[name]))]),
    )}
  </section>`;
}

function spreadCell(spread: Spread | undefined): Markup | string {
  if (!spread || spread.mean === null) return '–';
  return html`${percent(spread.mean)} ± ${percent(spread.deviation)}<small
      >${percent(spread.least)} to ${percent(spread.most)}</small
    >`;
}
