// @ts-check
/** @import { Live } from '../../serving/telemetry/live/history.ts' */
/** @import { Point } from '../../serving/telemetry/live/point.ts' */
/** @import { Values } from './chart.js' */
import { Chart } from './chart.js';
import { el, factList, note, put, table } from './dom.js';
import { number, sharePercent, withUnit } from './format.js';

/** A quarter of an hour. */
const POINTS_KEPT = 450;
/** Of charts of rates and of latencies; figures in words are of the last ten seconds. */
const LAST = 5;
const ERROR_COLORS = [
  '--other-2',
  '--operator',
  '--other-4',
  '--other-1',
  '--other-3',
  '--latest',
  '--other-5',
];

const latency = new Chart({
  ...{ title: 'Latency', unit: 'ms', seconds: true },
  lines: [
    { label: 'p50', color: '--other-1' },
    { label: 'p95', color: '--model' },
    { label: 'p99', color: '--operator' },
  ],
});
const throughput = new Chart({
  ...{ title: 'Throughput', unit: 'a second', seconds: true },
  lines: [
    { label: 'calls', color: '--model', fill: true },
    { label: 'rows', color: '--latest', dash: [4, 3] },
  ],
});
const errors = new Chart({ title: 'Errors', unit: 'a second, by code', seconds: true, lines: [] });
const queue = new Chart({
  ...{ title: 'Queue', unit: 'requests that wait; ms waited at most', seconds: true },
  lines: [
    { label: 'waiting', color: '--operator', fill: true },
    { label: 'ms', color: '--latest', dash: [4, 3] },
  ],
});
const batches = new Chart({
  ...{ title: 'Batches', unit: 'rows of one; batches a second', seconds: true },
  lines: [
    { label: 'rows', color: '--model' },
    { label: 'a second', color: '--latest', dash: [4, 3] },
  ],
});
const cache = new Chart({
  ...{ title: 'Cache', unit: '% of answers', seconds: true },
  lines: [{ label: 'from the cache', color: '--other-1', fill: true }],
});
const figures = el('div', null);
const versions = el('div', null);

/** @type {Point[]} */
let points = [];

/** @param {Element} place */
export function openLive(place) {
  place.replaceChildren(
    figures,
    el(
      'div.multiples',
      null,
      ...[latency, throughput, errors, queue, batches, cache].map(({ figure }) => figure),
    ),
    versions,
  );
}

/** Of another model: what was drawn is another's. */
export function forgetLive() {
  points = [];
}

/** The moment up to which it was heard. */
export const heardTo = () => points.at(-1)?.at;

/** @param {Live | null} live */
export function showLive(live) {
  if (live === null) {
    put(figures, note('This process serves no model, so nothing is measured.'));
    return;
  }
  points = [...points, ...live.points].slice(-POINTS_KEPT);
  draw();
  put(versions, ...loaded(live));
}

function draw() {
  const at = points.map((point) => point.at / 1000);
  /** @param {(point: Point) => number | null} read @returns {Values} */
  const line = (read) => points.map(read);
  latency.show(
    at,
    line(({ p50Ms }) => p50Ms),
    line(({ p95Ms }) => p95Ms),
    line(({ p99Ms }) => p99Ms),
  );
  throughput.show(
    at,
    line(({ callsPerSecond }) => callsPerSecond),
    line(({ rowsPerSecond }) => rowsPerSecond),
  );
  const codes = [...new Set(points.flatMap(({ errorsPerSecond }) => Object.keys(errorsPerSecond)))].sort();
  errors.become(
    codes.map((label, i) => ({ label, color: ERROR_COLORS[i % ERROR_COLORS.length] ?? '--soft' })),
  );
  errors.show(at, ...codes.map((code) => line(({ errorsPerSecond }) => errorsPerSecond[code] ?? 0)));
  queue.show(
    at,
    line(({ queue: waiting }) => waiting),
    line(({ waitMs }) => waitMs),
  );
  batches.show(
    at,
    line(({ batchRows }) => batchRows),
    line(({ batchesPerSecond }) => batchesPerSecond),
  );
  cache.show(
    at,
    line(({ cacheShare }) => (cacheShare === null ? null : 100 * cacheShare)),
  );
  put(figures, factList(inWords(points.slice(-LAST))));
}

/** @param {Point[]} last @returns {[string, string][]} */
function inWords(last) {
  /** @param {(point: Point) => number | null} read */
  const mean = (read) => {
    const values = last.map(read).filter((value) => value !== null);
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const failed = mean(({ errorsPerSecond }) =>
    Object.values(errorsPerSecond).reduce((sum, rate) => sum + rate, 0),
  );
  return [
    [
      'Calls',
      withUnit(
        mean(({ callsPerSecond }) => callsPerSecond),
        'a second',
      ),
    ],
    ['Errors', withUnit(failed, 'a second')],
    [
      'Latency p50',
      withUnit(
        mean(({ p50Ms }) => p50Ms),
        'ms',
      ),
    ],
    [
      'Latency p99',
      withUnit(
        mean(({ p99Ms }) => p99Ms),
        'ms',
      ),
    ],
    ['Waiting', number(last.at(-1)?.queue)],
    ['Rows of a batch', number(mean(({ batchRows }) => batchRows))],
    ['From the cache', sharePercent(mean(({ cacheShare }) => cacheShare))],
  ];
}

/** @param {Live} live */
function loaded({ versions: all }) {
  if (all.length === 0) return [note('No version is loaded.')];
  const rows = all.map(({ model, version, state, processes }) => [model, version, state, processes]);
  return [el('h3', null, 'Loaded versions'), table(['Model', 'Version', 'State', 'Processes'], rows)];
}
