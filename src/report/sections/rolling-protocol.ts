import type { ArtifactReference } from '../../contracts/artifact.ts';
import type { RollingDocument } from '../../backtest/rolling/document.ts';
import { count, period } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { factList } from '../fact-list.ts';
import { table } from '../table.ts';

/** How the backtest was done. */
export function protocolSection({ protocol }: RollingDocument, backtest: ArtifactReference): Markup {
  const { rolling } = protocol;
  const { window, refitDays, stretches, seeds } = rolling;
  const facts: [string, string][] = [
    ['Hours scored', period(protocol.score)],
    [
      'Issued',
      `${String(protocol.issueHourLocal).padStart(2, '0')}:00 local standard time of the day before`,
    ],
    ['Demand is known', `${count(protocol.demandDelayHours)} h after its hour ends`],
    [
      'Fitted anew',
      refitDays === 0 ? 'never' : `every ${count(refitDays)} days: ${count(stretches.length)} times`,
    ],
    [
      'Each fit learns from',
      window === 'expanding'
        ? 'all that was known by then'
        : `the last ${count(window.slidingDays)} days known by then`,
    ],
    ['Seeds', seeds.join(', ')],
  ];
  return html`<section aria-labelledby="protocol">
    <h2 id="protocol">How it was done</h2>
    ${factList(facts)}
    <h3>What a forecast knew</h3>
    <ul>
      <li>Its inputs come from values as they were first published, and published by its issue.</li>
      <li>
        Its fit learnt from issues whose every hour had been published when it was made. The demand it learnt
        from, like the demand it is scored against, is as finally settled.
      </li>
      <li>
        While it forecast, demand of hours not yet published was withheld, and some of its answers were asked
        for again without anything that came after them.
      </li>
    </ul>
    <details>
      <summary>The fits</summary>
      ${table(
        ['Fitted at (UTC)', 'Forecasts until', 'Issues learnt from, at least'],
        stretches.map(({ from, to, fitIssues }) => [from, to, count(fitIssues)]),
        'counts',
      )}
    </details>
    <p class="note">
      <code>${backtest.uri}</code>
      <code class="hash">${backtest.sha256}</code>
    </p>
  </section>`;
}
