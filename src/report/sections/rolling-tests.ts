import type { AgainstOther, RollingDocument } from '../../backtest/rolling/document.ts';
import type { DieboldMariano } from '../../backtest/metrics-diebold-mariano.ts';
import { ratio } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { keyed } from '../score-cells.ts';
import { styled, table } from '../table.ts';
import type { ColumnStyle } from '../rolling-styles.ts';

/** Below it a difference is called one. */
export const SIGNIFICANT = 0.05;

/** Whether the model's lead over each other is more than chance. */
export function testsSection({ protocol, regions }: RollingDocument, styles: readonly ColumnStyle[]): Markup {
  const { longestLead } = protocol.rolling;
  const others = styles.filter(({ name }) => name !== 'model');
  return html`<section aria-labelledby="tests">
    <h2 id="tests">Is the difference more than chance?</h2>
    <p class="lede">
      The model's absolute percentage error less the other's, in points: below 0 the model is better. Under it
      the two-sided p-value of the Diebold–Mariano test, small-sample corrected (Harvey, Leybourne &amp;
      Newbold), with autocovariances up to ${longestLead - 1} hours, and in brackets of one value an issue.
    </p>
    ${table(
      ['Region', ...keyed(others)],
      regions.map(({ region, tests }) => [
        region,
        ...others.map(({ name }) => cell(tests.find(({ against }) => against === name))),
      ]),
      'tests',
    )}
  </section>`;
}

function cell(test: AgainstOther | undefined) {
  if (!test) return '–';
  const { hourly, byIssue } = test;
  return styled(
    isSignificant(hourly) && hourly.meanDifference < 0 ? 'best' : '',
    html`${signed(hourly.meanDifference)}<small>p ${pValue(hourly)} (${pValue(byIssue)})</small>`,
  );
}

export const isSignificant = ({ pValue: p }: DieboldMariano) => p !== null && p < SIGNIFICANT;

const signed = (points: number) => `${points > 0 ? '+' : points < 0 ? '−' : ''}${ratio(Math.abs(points))}`;

const pValue = ({ pValue: p }: DieboldMariano) =>
  p === null ? '–' : p < 0.0001 ? '< 0.0001' : p.toFixed(p < 0.01 ? 4 : 2);
