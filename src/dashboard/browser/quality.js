// @ts-check
/** @import { Quality } from '../quality/quality-of.ts' */
/** @import { ForecastQuality } from '../quality/of-forecasts.ts' */
/** @import { RegionQuality } from '../quality/region-quality.ts' */
/** @import { ClassifierQuality } from '../quality/of-classifier.ts' */
import { Chart } from './chart.js';
import { el, factList, note, put, table } from './dom.js';
import { number, percent, sharePercent } from './format.js';

const BY = /** @type {const} */ (['model', 'operator', 'naive']);
const LINES = {
  model: { label: 'forecast', color: '--model' },
  operator: { label: 'operator', color: '--operator' },
  naive: { label: 'persistence', color: '--latest', dash: [4, 3] },
};

const against = new Chart({
  ...{ title: 'Forecast against actual', unit: 'MW', wide: true, zero: false },
  lines: [{ label: 'actual', color: '--actual', width: 2 }, ...BY.map((by) => LINES[by])],
});
const trend = new Chart({
  ...{ title: 'Error by day', unit: 'MAPE, %', wide: true },
  lines: BY.map((by) => LINES[by]),
});
const classifier = new Chart({
  ...{ title: 'Classifier', unit: '% of stretches of outcomes', wide: true },
  lines: [
    { label: 'precision', color: '--model' },
    { label: 'recall', color: '--operator' },
    { label: 'F1', color: '--other-1', width: 2 },
    { label: 'accuracy', color: '--latest', dash: [4, 3] },
  ],
});

const source = /** @type {HTMLSelectElement} */ (el('select', { id: 'source' }));
const region = /** @type {HTMLSelectElement} */ (el('select', { id: 'region' }));
const variant = /** @type {HTMLSelectElement} */ (el('select', { id: 'variant' }));
const choices = el(
  'div.controls',
  null,
  el('label', null, 'Of ', source),
  el('label', null, 'Region ', region),
);
const said = el('div', null);
const charts = el('div.pair', null, against.figure, trend.figure);
const classified = el('div', null, el('h3', null, 'As a classifier'), el('label', null, 'Variant ', variant));
const classifiedSaid = el('div', null);
classified.append(classifiedSaid, classifier.figure);

/** @type {Quality | null} */
let quality = null;

/** @param {Element} place */
export function openQuality(place) {
  place.replaceChildren(choices, said, charts, classified);
  for (const select of [source, region, variant]) select.addEventListener('change', draw);
  draw();
}

/** @param {Quality | null} heard null: no model is chosen */
export function showQuality(heard) {
  quality = heard;
  draw();
}

/** Keeps what is chosen where it is still there. @param {HTMLSelectElement} select @param {[string, string][]} options */
function offer(select, options) {
  const before = select.value;
  put(select, ...options.map(([value, text]) => el('option', { value }, text)));
  if (options.some(([value]) => value === before)) select.value = before;
}

function draw() {
  for (const part of [choices, charts, classified]) part.hidden = true;
  if (quality === null) return put(said, note('Choose one model above to see how good its answers are.'));
  drawRegions(quality);
  if (quality.classifiers.ok) drawClassifiers(quality.classifiers.value);
}

/** @param {Quality} quality */
function drawRegions({ forecasts, backtest, version }) {
  const made = forecasts.ok ? forecasts.value.regions : [];
  const scored = backtest.ok ? backtest.value : [];
  offer(source, [
    ...(made.length > 0 ? [/** @type {[string, string]} */ (['forecasts', 'forecasts that were made'])] : []),
    ...(scored.length > 0
      ? [
          /** @type {[string, string]} */ ([
            'backtest',
            `backtest of version ${version.ok ? version.value : ''}`,
          ]),
        ]
      : []),
  ]);
  const regions = source.value === 'forecasts' ? made : scored;
  if (regions.length === 0) {
    const problems = [forecasts, backtest, version].flatMap((part) => (part.ok ? [] : [part.problem]));
    put(
      said,
      note(
        [...new Set(['Nothing of what this model said can be held against what came.', ...problems])].join(
          ' ',
        ),
      ),
      forecasts.ok && leftOutNote(forecasts.value),
    );
    return;
  }
  offer(
    region,
    regions.map(({ region: name }) => [name, name]),
  );
  choices.hidden = false;
  charts.hidden = false;
  const chosen =
    regions.find(({ region: name }) => name === region.value) ??
    /** @type {RegionQuality | ForecastQuality['regions'][number]} */ (regions[0]);
  const { hours, days, mape, scoredHours } = chosen;
  against.show(hours.at, hours.actual, ...BY.map((by) => hours[by]));
  trend.show(days.at, ...BY.map((by) => days[by]));
  const week = (/** @type {(number | null)[]} */ values) => mean(values.slice(-7));
  put(
    said,
    factList([
      ['MAPE', percent(mape.model)],
      ['Operator’s forecast', percent(mape.operator)],
      ['Persistence', percent(mape.naive)],
      ['MAPE of the last 7 days', percent(week(days.model))],
      ['Hours', number(scoredHours)],
    ]),
    made.length === 0 &&
      note('No forecast that was made when it was due has met its hour yet, so this is the backtest.'),
    'by' in chosen && note(`Of ${chosen.by} forecasts, made when they were due.`),
    (regions === made || made.length === 0) && forecasts.ok && leftOutNote(forecasts.value),
  );
}

/** @param {ForecastQuality} forecasts */
function leftOutNote({ leftOut: { late, hourly } }) {
  if (late + hourly === 0) return false;
  const reasons = [
    ...(late > 0 ? [`${number(late)} made more than a day and a half after the issue`] : []),
    ...(hourly > 0 ? [`${number(hourly)} hourly beside day-ahead ones`] : []),
  ];
  return note(`Left out, of all regions: ${reasons.join(', ')}.`);
}

/** @param {ClassifierQuality[]} all */
function drawClassifiers(all) {
  if (all.length === 0) return;
  classified.hidden = false;
  offer(
    variant,
    all.map(({ test, variant: name, version }) => [`${test} ${name}`, `${test}: ${name}, ${version}`]),
  );
  const [first] = all;
  const chosen = all.find(({ test, variant: name }) => `${test} ${name}` === variant.value) ?? first;
  if (!chosen) return;
  const { trend: by } = chosen;
  const hundredfold = (/** @type {number[]} */ values) => values.map((value) => 100 * value);
  classifier.show(by.at, ...[by.precision, by.recall, by.f1, by.accuracy].map(hundredfold));
  put(
    classifiedSaid,
    table(
      ['Version', 'Precision', 'Recall', 'F1', 'Accuracy', 'Outcomes'],
      all.map(({ version, variant: name, test, scores, outcomes }) => [
        `${version}, ${name} of ${test}`,
        ...[scores.precision, scores.recall, scores.f1, scores.accuracy].map(sharePercent),
        number(outcomes),
      ]),
    ),
  );
}

/** @param {(number | null)[]} values */
function mean(values) {
  const there = values.filter((value) => value !== null);
  return there.length === 0 ? null : there.reduce((sum, value) => sum + value, 0) / there.length;
}
