// @ts-check
/** @import uPlotLibrary from 'uplot' */
import { el, table } from './dom.js';
import { number, when } from './format.js';

/** Its script stands in the page before this one. */
const uPlot = /** @type {typeof uPlotLibrary} */ (Reflect.get(globalThis, 'uPlot'));

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {string} color of a variable of the style sheet, such as `--model`
 * @property {number[]} [dash]
 * @property {number} [width]
 * @property {boolean} [fill]
 */

/** @typedef {(number | null)[]} Values */

const HEIGHT = 190;
const ROWS_SHOWN = 24;

/** @param {string} name */
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const darkness = matchMedia('(prefers-color-scheme: dark)');

/** A chart of lines over time in UTC, with what it shows in words, and as a table for whoever asks. */
export class Chart {
  /**
   * @param {{ title: string, unit: string, lines: Line[], wide?: boolean, zero?: boolean, seconds?: boolean }} options
   *   `zero`: the axis begins there; `seconds`: times are told by them
   */
  constructor({ title, unit, lines, wide = false, zero = true, seconds = false }) {
    this.title = title;
    this.unit = unit;
    this.lines = lines;
    this.zero = zero;
    this.seconds = seconds;
    /** @type {[number[], ...Values[]]} */
    this.data = [[], ...lines.map(() => [])];
    this.place = el('div.canvas', { role: 'img' });
    this.rows = el('div', null);
    this.details = el('details', null, el('summary', null, 'As a table'), this.rows);
    this.details.addEventListener('toggle', () => this.#tell());
    this.nothing = el('p.nothing', null, 'nothing yet');
    this.figure = el(
      wide ? 'figure.chart.wide' : 'figure.chart',
      null,
      el('figcaption', null, title, ' ', el('small', null, unit)),
      this.place,
      this.nothing,
      this.details,
    );
    /** @type {uPlotLibrary | null} */
    this.plot = null;
    new ResizeObserver(() => this.#resize()).observe(this.place);
    // Canvases know no style sheet: what they drew stays as it was.
    darkness.addEventListener('change', () => this.#redraw());
  }

  /** @param {number[]} at seconds since 1970 @param {...Values} values one for each line */
  show(at, ...values) {
    this.data = [at, ...values];
    const isEmpty = !values.some((line) => line.some((value) => value !== null));
    this.nothing.hidden = !isEmpty;
    // With nothing in it, its axes and its legend would go on telling of what was there before.
    if (this.plot && at.length > 0) this.plot.setData(this.data);
    else this.#redraw();
    this.#newest();
    this.#tell();
  }

  /** Draws it anew where it is of other lines than before. @param {Line[]} lines */
  become(lines) {
    if (JSON.stringify(lines) === JSON.stringify(this.lines)) return;
    this.lines = lines;
    this.plot?.destroy();
    this.plot = null;
  }

  #redraw() {
    const width = this.place.clientWidth;
    if (width === 0) return;
    this.plot?.destroy();
    this.plot = new uPlot(this.#options(width), this.data, this.place);
    this.plot.over.addEventListener('pointerleave', () => this.#newest());
    this.#newest();
  }

  /** Where nobody points at a moment the legend tells of the last one. */
  #newest() {
    const last = this.data[0].length - 1;
    if (this.plot && (this.plot.cursor.left ?? -1) < 0 && last >= 0) this.plot.setLegend({ idx: last });
  }

  #resize() {
    const width = this.place.clientWidth;
    if (this.plot && width > 0) this.plot.setSize({ width, height: HEIGHT });
    else if (!this.plot) this.#redraw();
  }

  /** @param {number} width @returns {uPlotLibrary.Options} */
  #options(width) {
    const font = '12px system-ui, sans-serif';
    const axis = {
      stroke: color('--soft'),
      grid: { stroke: color('--rule'), width: 1 },
      ticks: { stroke: color('--rule'), width: 1, size: 4 },
      font,
    };
    return {
      width,
      height: HEIGHT,
      tzDate: (seconds) => uPlot.tzDate(new Date(1000 * seconds), 'Etc/UTC'),
      legend: { live: true },
      // What is drawn first tells of nothing yet.
      hooks: { ready: [() => queueMicrotask(() => this.#newest())] },
      cursor: { drag: { x: true, y: false }, points: { size: 6 } },
      scales: { y: { range: (_plot, low, high) => this.#range(low, high) } },
      axes: [
        { ...axis, size: 46, values: TIMES },
        {
          ...axis,
          size: 52,
          values: (_plot, splits) => splits.map((split) => (split === null ? '' : number(split))),
        },
      ],
      series: [
        { label: 'UTC', value: (_plot, at) => (Number.isFinite(at) ? this.#moment(at) : '–') },
        ...this.lines.map(({ label, color: name, dash, width: thick = 1.5, fill }) => ({
          label,
          stroke: color(name),
          width: thick,
          ...(dash && { dash }),
          ...(fill && { fill: `${color(name)}22` }),
          points: { size: 4, show: (/** @type {uPlotLibrary} */ plot) => plot.data[0].length < 30 },
          value: (/** @type {uPlotLibrary} */ _plot, /** @type {number | null} */ value) => number(value),
        })),
      ],
    };
  }

  /** @param {number} at */
  #moment(at) {
    return this.seconds ? new Date(1000 * at).toISOString().slice(11, 19) : when(1000 * at);
  }

  /** @param {number | null} low @param {number | null} high @returns {[number, number]} */
  #range(low, high) {
    if (low === null || high === null) return [0, 1];
    if (!this.zero) {
      const margin = (high - low || Math.abs(high) || 1) * 0.06;
      return [low - margin, high + margin];
    }
    return [Math.min(0, low), high > 0 ? high * 1.08 : 1];
  }

  /** For whoever does not see it. */
  #tell() {
    const [at, ...values] = this.data;
    const last = this.lines.map(
      ({ label }, i) => `${label} ${number(values[i]?.findLast((each) => each !== null))}`,
    );
    this.place.setAttribute('aria-label', `${this.title}, ${this.unit}. Newest: ${last.join(', ')}.`);
    if (!(/** @type {HTMLDetailsElement} */ (this.details).open)) return;
    const from = Math.max(0, at.length - ROWS_SHOWN);
    const rows = at
      .slice(from)
      .map((moment, i) => [this.#moment(moment), ...values.map((line) => number(line[from + i]))]);
    this.rows.replaceChildren(
      table(['UTC', ...this.lines.map(({ label }) => label)], rows.toReversed(), { caption: this.title }),
    );
  }
}

/** Steps of time, the widest that fits: uPlot's own, without the twelve hours of its clock. */
const TIMES = [
  [3600 * 24 * 365, '{YYYY}', null, null, null, null, null, null, 1],
  [3600 * 24 * 28, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [3600 * 24, '{D} {MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [3600, '{HH}:{mm}', '\n{D} {MMM}', null, '\n{D} {MMM}', null, null, null, 1],
  [60, '{HH}:{mm}', '\n{D} {MMM}', null, '\n{D} {MMM}', null, null, null, 1],
  [1, ':{ss}', '\n{HH}:{mm}', null, '\n{HH}:{mm}', null, '\n{HH}:{mm}', null, 1],
];
