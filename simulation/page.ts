import type { AlertEvent } from '../src/contracts/alerts.ts';
import { toDate } from '../src/contracts/time.ts';
import { htmlDocument } from '../src/report/document.ts';
import { drawn, Plot } from '../src/report/charts/plot.ts';
import { html, type Markup } from '../src/report/html.ts';
import { styled, table } from '../src/report/table.ts';
import type { Errors } from './nights.ts';
import type { YearResult } from './result.ts';
import type { Fault, Scenario } from './scenario.ts';

/** A week and what happened in it. */
export interface LivedWeek {
  number: number;
  /** Its end, seconds. */
  at: number;
  fault: Fault | null;
  events: string[];
  errors: Errors;
}

export interface YearPage {
  result: YearResult;
  scenario: Scenario;
  weeks: readonly LivedWeek[];
  /** Oldest first. */
  told: readonly AlertEvent[];
}

/** The simulated year as one HTML page with everything in it. */
export function renderYear({ result, scenario, weeks, told }: YearPage): string {
  const { region, mape, retrains, alerts } = result;
  const gain = (100 * (mape.frozen - mape.continuous)) / mape.frozen;
  return htmlDocument({
    kicker: 'a simulated year',
    title: `${region}: ${result.weeks} weeks of 2019 that ran by themselves`,
    lead: html`<p class="headline">
        Retrained every week, the model erred ${mape.continuous.toFixed(2)} %; left alone
        ${mape.frozen.toFixed(2)} %
        (${gain >= 0 ? `${gain.toFixed(1)} % less` : `${(-gain).toFixed(1)} % more`}).
      </p>
      <p class="note">
        Mean absolute percentage error of ${result.hours} hours, day ahead. ${retrains.run} candidates
        trained, ${retrains.skipped} retrains skipped, ${retrains.refused} candidates refused,
        ${retrains.rolledBack} rolled back, ${retrains.failed} failed; ${alerts.sent} notices sent,
        ${alerts.absentWork} of them of absent work.
      </p>`,
    main: html`<section>
        <h2>Errors by week</h2>
        ${errorChart(weeks, scenario)}
        <p class="note">
          The line is the model that was kept fresh, the broken one its first version, which nobody touched.
          Marks are what was planted: S the source was down, W no worker, B a bad candidate, H a hurried
          deployment${scenario.drift ? `; shaded, demand raised by ${(100 * (scenario.drift.factor - 1)).toFixed(0)} %` : ''}.
        </p>
      </section>
      <section>
        <h2>What happened</h2>
        ${weekTable(weeks)}
      </section>
      <section>
        <h2>What people were told</h2>
        ${toldTable(told)}
      </section>`,
  });
}

const MARKS: Record<Fault, string> = {
  'source-down': 'S',
  'worker-down': 'W',
  'bad-candidate': 'B',
  'hurried-deployment': 'H',
};

function errorChart(weeks: readonly LivedWeek[], { drift }: Scenario): Markup {
  const rows = weeks.filter(({ errors }) => errors.hours > 0);
  const date = ({ at }: { at: number }) => new Date(at * 1000);
  const most = Math.max(...rows.flatMap(({ errors }) => [errors.live, errors.frozen]));
  const shaded = drift ? [{ from: new Date(drift.from * 1000), to: new Date(drift.to * 1000) }] : [];
  return drawn('Error of the day-ahead forecast by week, percent', {
    width: 900,
    height: 300,
    marginLeft: 44,
    x: { type: 'utc', label: null },
    y: { label: 'MAPE, %', domain: [0, most * 1.1], grid: true },
    marks: [
      Plot.rect(shaded, { x1: 'from', x2: 'to', fill: 'currentColor', fillOpacity: 0.08 }),
      Plot.lineY(rows, {
        x: date,
        y: (week: LivedWeek) => week.errors.frozen,
        stroke: 'var(--persistence)',
        strokeDasharray: '4 3',
      }),
      Plot.lineY(rows, {
        x: date,
        y: (week: LivedWeek) => week.errors.live,
        stroke: 'var(--model)',
        strokeWidth: 2,
      }),
      Plot.dot(rows, {
        ...{ x: date, y: (week: LivedWeek) => week.errors.live, r: 2.5, fill: 'var(--model)' },
        title: (week: LivedWeek) => week.events.join('\n') || 'nothing out of the usual',
      }),
      Plot.text(
        weeks.filter(({ fault }) => fault !== null),
        { x: date, y: most * 1.05, text: (week: LivedWeek) => MARKS[week.fault!], fontWeight: 'bold' },
      ),
    ],
  });
}

const weekTable = (weeks: readonly LivedWeek[]) =>
  table(
    ['week to', 'kept fresh, %', 'left alone, %', styled('said', 'what happened')],
    weeks.map(({ at, errors, events }) => [
      toDate(at),
      errors.hours > 0 ? errors.live.toFixed(2) : '–',
      errors.hours > 0 ? errors.frozen.toFixed(2) : '–',
      styled('said', events.join(' · ')),
    ]),
  );

const toldTable = (told: readonly AlertEvent[]) =>
  told.length === 0
    ? html`<p>Nothing.</p>`
    : table(
        ['as of', 'rule', 'what', styled('said', 'says')],
        told.map(({ asOf, rule, what, says }) => [asOf.slice(0, 13), rule, what, styled('said', says)]),
      );
