import type { AgainstOther, RollingDocument, RollingRegionScores } from '../../backtest/rolling/document.ts';
import type { DieboldMariano } from '../../backtest/metrics-diebold-mariano.ts';
import { ratio } from '../format.ts';
import { html, type Markup } from '../html.ts';
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
    <div class="scroll">
      <table class="tests">
        <thead>
          <tr>
            <th scope="col">Region</th>
            ${others.map(({ key, label }) => html`<th scope="col"><i class="key ${key}"></i>${label}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${regions.map((scores) => row(scores, others))}
        </tbody>
      </table>
    </div>
  </section>`;
}

function row({ region, tests }: RollingRegionScores, others: readonly ColumnStyle[]): Markup {
  const test = (name: string) => tests.find(({ against }) => against === name);
  return html`<tr>
    <th scope="row">${region}</th>
    ${others.map(({ name }) => cell(test(name)))}
  </tr>`;
}

function cell(test: AgainstOther | undefined): Markup {
  if (!test) return html`<td>–</td>`;
  const { hourly, byIssue } = test;
  return html`<td class="${isSignificant(hourly) && hourly.meanDifference < 0 ? 'best' : ''}">
    ${signed(hourly.meanDifference)}<small>p ${pValue(hourly)} (${pValue(byIssue)})</small>
  </td>`;
}

export const isSignificant = ({ pValue: p }: DieboldMariano) => p !== null && p < SIGNIFICANT;

const signed = (points: number) => `${points > 0 ? '+' : points < 0 ? '−' : ''}${ratio(Math.abs(points))}`;

const pValue = ({ pValue: p }: DieboldMariano) =>
  p === null ? '–' : p < 0.0001 ? '< 0.0001' : p.toFixed(p < 0.01 ? 4 : 2);
