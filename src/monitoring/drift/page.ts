import { htmlDocument } from '../../report/document.ts';
import { listed, percent, ratio } from '../../report/format.ts';
import { html, type Markup } from '../../report/html.ts';
import { table } from '../../report/table.ts';
import { toDate } from '../../contracts/time.ts';
import type { DriftDocument, RegionDrift } from './document.ts';
import { jointLine } from './findings.ts';

/** A look at a model as one HTML page with everything in it. */
export function renderDriftPage(document: DriftDocument): string {
  const { model, asOf, windowDays, regions, findings } = document;
  return htmlDocument({
    kicker: 'drift of inputs, answers and errors',
    title: `${model.name} version ${model.version}: drift as of ${asOf}`,
    lead: html`<p class="headline">${headline(document)}</p>
      <p class="note">
        The ${windowDays} days before ${asOf} UTC in ${listed(regions.map(({ region }) => region))}.
      </p>`,
    main: html`${
      findings.length > 0 &&
      html`<section aria-labelledby="findings">
        <h2 id="findings">What has drifted</h2>
        <ul>
          ${findings.map(({ what }) => html`<li>${what}</li>`)}
        </ul>
      </section>`
    }
    ${errorsSection(regions)} ${regions.map(regionSection)} ${methodSection(document)}`,
  });
}

function headline({ findings, regions }: DriftDocument): string {
  if (findings.length === 0) return 'Nothing has drifted.';
  const kinds = [...new Set(findings.map(({ kind }) => kind))];
  const where = regions
    .map(({ region }) => region)
    .filter((code) => findings.some(({ region }) => region === code));
  return `Drift of ${listed(kinds)} in ${listed(where)}.`;
}

const ERRORS = [
  ...['Region', 'Model', 'In its backtest', 'Operator', 'Week before', 'In its backtest, week before'],
  ...['Growth beyond week before', 'Bias'],
];
const DISTANCES = ['Series', 'PSI', 'usual', 'KS', 'usual', 'Cliff’s delta', 'p, adjusted', 'Drift'];
const GIVEN = ['Errors given', 'Shift, deviations', 'p, adjusted', 'Drift'];

function errorsSection(regions: readonly RegionDrift[]): Markup | false {
  const judged = regions.filter(({ performance }) => performance);
  if (judged.length === 0) return false;
  return html`<section aria-labelledby="errors">
    <h2 id="errors">Errors</h2>
    <p class="lede">
      MAPE of the window beside that of the backtest which the version was registered with, and of the value a
      week before on the same hours: what hours have become harder for everybody is no drift.
    </p>
    ${table(
      ERRORS,
      judged.map(({ region, performance, concept }) => {
        const p = performance!;
        return [
          html`${region}${p.drifted && html`<small>${p.drifted}</small>`}`,
          percent(100 * p.mape),
          html`${percent(100 * p.baselineMape)}<small>${p.against}</small>`,
          percent(p.operatorMape === null ? null : 100 * p.operatorMape),
          percent(100 * p.naiveMape),
          percent(100 * p.baselineNaiveMape),
          `× ${ratio(p.beyondNaive)}`,
          percent(100 * (concept?.bias ?? Number.NaN)),
        ];
      }),
    )}
  </section>`;
}

function regionSection({
  region,
  window,
  series,
  joint,
  prediction,
  concept,
  notJudged,
}: RegionDrift): Markup {
  const rows = [...series, ...(prediction ? [{ ...prediction, label: 'forecasts to the week before' }] : [])];
  const noticed = concept?.stream.filter(({ since }) => since !== null) ?? [];
  return html`<section aria-labelledby="region-${region}">
    <h2 id="region-${region}">${region}</h2>
    <p class="lede">${window.from} to ${window.to}, hour by hour of the day.</p>
    ${
      rows.length > 0 &&
      table(
        DISTANCES,
        rows.map((one) => [
          one.label,
          ...[one.psi, one.usual.psi, one.ks, one.usual.ks, one.delta].map(ratio),
          one.adjustedP === null ? '–' : one.adjustedP.toPrecision(2),
          yesOrNo(one.drifted),
        ]),
      )
    }
    ${joint && html`<p>${capital(jointLine(joint))}.</p>`}
    ${
      concept &&
      table(
        GIVEN,
        concept.given.map(({ input, effect, adjustedP, drifted }) => [
          input,
          ...[ratio(effect), adjustedP.toPrecision(2), yesOrNo(drifted)],
        ]),
      )
    }
    ${noticed.map(({ what, since }) => html`<p>${what} since ${toDate(since!)}.</p>`)}
    ${notJudged.length > 0 && html`<p class="note">Not judged: ${notJudged.join('; ')}.</p>`}
  </section>`;
}

const capital = (line: string) => line[0]!.toUpperCase() + line.slice(1);
const yesOrNo = (is: boolean) => (is ? 'yes' : 'no');

function methodSection({ thresholds }: DriftDocument): Markup {
  return html`<section aria-labelledby="method">
    <h2 id="method">How it was judged</h2>
    <p>
      Hours are compared with hours of the same time of day in the same weeks of earlier years, levels as
      ratios to the eight weeks before: autumn is not drift, and neither is growth. Hours that follow on one
      another are no independent sample, so p-values are not those of a table: each distance is held against
      the distances between windows of the past, adjusted over all tests of this look by Benjamini and
      Hochberg. A series has drifted where its p-value is at most ${thresholds.ks_p_value} and its index above
      ${thresholds.psi}; a model’s performance where its accuracy (1 − MAPE) fell by more than
      ${thresholds.accuracy_drop}, or where its error grew by more than ${thresholds.error_growth} of itself,
      and of what hours have become harder, beyond what days differ anyway. All inputs together are the energy
      distance (Székely and Rizzo) of the window’s days from those of other years, a day being one point, held
      against the past likewise.
    </p>
  </section>`;
}
