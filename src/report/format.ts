/** Numbers and times as the report writes them; a value that is not there is a dash. */
const NONE = '–';

const fixed = (digits: number) =>
  new Intl.NumberFormat('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const twoDigits = fixed(2);
const oneDigit = fixed(1);
const whole = fixed(0);

type Maybe = number | null | undefined;

const shown = (value: Maybe, format: (value: number) => string) =>
  value === null || value === undefined || !Number.isFinite(value) ? NONE : format(value);

export const percent = (value: Maybe) => shown(value, (x) => `${twoDigits.format(x)}\u00a0%`);
/** A part of one. */
export const share = (value: Maybe) => shown(value, (x) => `${oneDigit.format(100 * x)}\u00a0%`);
export const megawatts = (value: Maybe) => shown(value, (x) => `${whole.format(x)}\u00a0MW`);
export const ratio = (value: Maybe) => shown(value, (x) => twoDigits.format(x));
export const hours = (value: Maybe) => shown(value, (x) => `${whole.format(x)}\u00a0h`);
/** A loss: as many digits as it takes to tell two runs apart. */
export const loss = (value: Maybe) => shown(value, (x) => String(Number(x.toPrecision(4))));
export const count = (value: Maybe) => shown(value, (x) => whole.format(x));
export const megabytes = (value: Maybe) => shown(value, (x) => `${whole.format(x)}\u00a0MB`);

export function duration(seconds: Maybe): string {
  return shown(seconds, (exact) => {
    if (exact < 10) return `${oneDigit.format(exact)}\u00a0s`;
    const s = Math.round(exact);
    if (s < 120) return `${s}\u00a0s`;
    if (s < 7200) return `${Math.floor(s / 60)}\u00a0min ${s % 60}\u00a0s`;
    return `${oneDigit.format(s / 3600)}\u00a0h`;
  });
}

/** `[a]`, `[a and b]`, `[a, b and c]` in words. */
export const listed = (words: readonly string[]) =>
  new Intl.ListFormat('en-GB', { type: 'conjunction' }).format(words);

/** `12 March 2018` of an instant, read in UTC. */
export const day = (epochSeconds: number) =>
  new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  }).format(epochSeconds * 1000);

/** `12 Mar` of an instant, read in UTC. */
export const shortDay = (epochSeconds: number) =>
  new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(
    epochSeconds * 1000,
  );

/** `2018` or `2015-07 to 2017`. */
export const period = ({ from, to }: { from: string; to: string }) =>
  from === to ? from : `${from} to ${to}`;
