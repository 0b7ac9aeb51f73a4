import { thresholdKind, type ABResult, type ABTestRecord, type Variant } from '../contracts/ab-test.ts';
import type { ReportResult } from '../contracts/stages.ts';
import type { Home } from '../lake/home.ts';
import { htmlDocument } from '../report/document.ts';
import { count, share } from '../report/format.ts';
import { html, type Markup } from '../report/html.ts';
import { table } from '../report/table.ts';
import { writePageOnce } from '../report/write-page.ts';
import { sequenceChart } from './chart.ts';
import type { Point } from './evaluation.ts';
import type { Plan } from './plan.ts';
import { amount, small } from './recommendation.ts';
import { SAMPLE_RATIO_ALPHA } from './statistics/sample-ratio.ts';

/** Raised when the page tells the same data differently. */
const PAGE_VERSION = 1;

export interface PageData {
  record: ABTestRecord;
  result: ABResult;
  trajectory: Point[];
  plan: Plan | null;
}

/** Writes `reports/<key>.html`, one page about a test as it stands; the same standing again is done once. */
export const writeABTestPage = (home: Home, data: PageData): Promise<ReportResult> =>
  writePageOnce(home, { stage: 'abTestReport', version: PAGE_VERSION, input: data }, async () =>
    renderABTestPage(data),
  );

export function renderABTestPage(data: PageData): string {
  const { record, result } = data;
  const { config, control, treatment, ending, endsAt, startedAt } = record;
  return htmlDocument({
    kicker: 'A/B test',
    title: config.test_name,
    lead: html`<p class="headline">${ending ? ending.says : result.says}</p>
      <p class="note">
        Treatment: ${treatment.name} version ${treatment.version}; control: ${control.name} version
        ${control.version}; judged by ${config.success_metric}; begun ${moment(startedAt)},
        ${ending ? html`ended ${moment(ending.at)}` : html`runs until ${moment(endsAt)}`}.
      </p>`,
    main: html`${chartSection(data)} ${countsSection(data)} ${ratioSection(result)} ${methodSection(data)}`,
  });
}

function chartSection({ record: { config }, result, trajectory }: PageData): Markup {
  const isRelative = thresholdKind(config) === 'relative';
  const { effect, pValue, decidedAt } = result;
  return html`<section aria-labelledby="effect">
    <h2 id="effect">Improvement</h2>
    <p class="lede">
      ${
        effect
          ? `${config.success_metric} is better by ${amount(config, effect.estimate)}, between ${amount(config, effect.low)} and ${amount(config, effect.high)} (p ${small(pValue)}).`
          : 'There is too little to tell yet.'
      }
      The band holds the true improvement at every moment at once with a chance of ${share(1 - config.alpha)}:
      however often it is looked at, a band that leaves 0 means it. The dashed line is the improvement asked
      for, ${amount(config, config.success_threshold)}. ${decidedAt && `It was decided ${moment(decidedAt)}.`}
    </p>
    ${
      trajectory.length > 1 &&
      html`<figure>
        ${sequenceChart(trajectory, {
          threshold: config.success_threshold,
          ...(isRelative
            ? { factor: 100, unit: 'percent of the control' }
            : { factor: 1, unit: config.success_metric }),
        })}
      </figure>`
    }
  </section>`;
}

function countsSection({ record, result, plan }: PageData): Markup {
  const { config } = record;
  const row = (variant: Variant): [Markup, ...string[]] => {
    const { assigned, units, outcomes, value } = result[variant];
    return [
      html`${variant} <small>${record[variant].name}@${record[variant].version}</small>`,
      ...[count(assigned), count(units), count(outcomes), plan ? count(plan.sequential[variant]) : '–'],
      value === null ? '–' : String(Number(value.toPrecision(4))),
    ];
  };
  const columns = ['Variant', 'Users', 'With an outcome', 'Outcomes', 'Planned', config.success_metric];
  return html`<section aria-labelledby="counts">
    <h2 id="counts">Users and outcomes</h2>
    ${table(columns, [row('control'), row('treatment')])} ${plan && html`<p class="note">${plan.assumes}</p>`}
  </section>`;
}

function ratioSection({ sampleRatio: { expected, observed, pValue, broken } }: ABResult): Markup {
  return html`<section aria-labelledby="ratio">
    <h2 id="ratio">Sample ratio</h2>
    <p>
      ${share(expected)} of the users are to get the treatment;
      ${observed === null ? 'none came yet' : html`${share(observed)} did`} (p ${small(pValue)}, broken at
      ${SAMPLE_RATIO_ALPHA}).
      ${broken ? 'Chance does not do that: users are missing, and nothing can be concluded from the others.' : 'That is chance.'}
    </p>
  </section>`;
}

function methodSection({ record: { config } }: PageData): Markup {
  const { alpha, power, min_samples: least } = config;
  return html`<section aria-labelledby="method">
    <h2 id="method">How it is judged</h2>
    <p>
      Users are dealt by a hash of their id and the test’s name, and counted as a whole with all their
      outcomes. The improvement is looked at after each outcome, from ${count(least)} users a variant on, by a
      mixture sequential probability ratio test: a difference is seen where none is with a chance of at most
      ${alpha} over the whole test, and the improvement asked for is found with ${power} by the planned users.
      The treatment is recommended once the band leaves 0 upwards, the control once it excludes the
      improvement asked for.
    </p>
  </section>`;
}

const moment = (iso: string) => `${iso.slice(0, 16).replace('T', ' ')} UTC`;
