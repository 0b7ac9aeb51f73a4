// @ts-check

/** @typedef {number | null | undefined} Maybe */

const NONE = '–';

/** @param {number} digits */
const fixed = (digits) => new Intl.NumberFormat('en-GB', { maximumFractionDigits: digits });
const [whole, one, two] = [fixed(0), fixed(1), fixed(2)];

/**
 * Three digits or so, whatever the size.
 * @param {Maybe} value
 */
export function number(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  return (size >= 100 ? whole : size >= 10 ? one : two).format(value);
}

/** @param {Maybe} value @param {string} unit */
export const withUnit = (value, unit) => (number(value) === NONE ? NONE : `${number(value)} ${unit}`);

/** @param {Maybe} value */
export const percent = (value) => withUnit(value, '%');

/** @param {Maybe} share of one */
export const sharePercent = (share) => percent(share === null || share === undefined ? null : 100 * share);

/** @param {Maybe} value */
export function bytes(value) {
  if (value === null || value === undefined) return NONE;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [left, unit] = [value, 0];
  while (left >= 1000 && unit < units.length - 1) [left, unit] = [left / 1000, unit + 1];
  return withUnit(left, /** @type {string} */ (units[unit]));
}

/** `21 Nov 16:04`, UTC. @param {string | number} moment */
export function when(moment) {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return String(moment);
  const options = /** @type {const} */ ({
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
  const year =
    at.getUTCFullYear() === new Date().getUTCFullYear() ? {} : { year: /** @type {const} */ ('numeric') };
  return new Intl.DateTimeFormat('en-GB', { ...options, ...year, timeZone: 'UTC' }).format(at);
}

/** `32 s`, `5 min`, `1.5 h`, `3.2 days`: nobody counts finer. @param {Maybe} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NONE;
  if (seconds < 119.5) return `${whole.format(seconds)} s`;
  if (seconds < 7170) return `${whole.format(seconds / 60)} min`;
  return seconds < 172_800 ? `${one.format(seconds / 3600)} h` : `${one.format(seconds / 86_400)} days`;
}

/** @param {string} moment */
export const since = (moment) => duration((Date.now() - Date.parse(moment)) / 1000);
