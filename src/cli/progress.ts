import type { StageProgress } from '../stages/context.ts';

interface Output {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

const BAR_WIDTH = 24;
const REDRAW_MS = 100;
const PLAIN_EVERY_MS = 5000;

/**
 * Where the work stands: one line that redraws itself on a terminal, now and then a plain line elsewhere. Shows
 * stage, percent, rate and the time left.
 */
export class ProgressDisplay {
  private readonly output: Output;
  private readonly now: () => number;
  private stage = '';
  private since = 0;
  private firstDone = 0;
  private shownAt = -Infinity;
  private barShown = false;

  constructor(output: Output, now: () => number = Date.now) {
    this.output = output;
    this.now = now;
  }

  show(update: StageProgress): void {
    const now = this.now();
    const begins = update.stage !== this.stage;
    if (begins) {
      this.stage = update.stage;
      this.since = now;
      this.firstDone = update.done;
    }
    const ends = update.total > 0 && update.done >= update.total;
    const every = this.output.isTTY ? REDRAW_MS : PLAIN_EVERY_MS;
    if (!begins && !ends && now - this.shownAt < every) return;
    this.shownAt = now;
    const text = this.describe(update, (now - this.since) / 1000);
    if (this.output.isTTY) {
      this.output.write(`\r\x1b[2K${text.slice(0, (this.output.columns ?? 100) - 1)}`);
      this.barShown = true;
    } else {
      this.output.write(`${text}\n`);
    }
  }

  /** A line of its own, above the bar. */
  line(text: string): void {
    this.end();
    this.output.write(`${text}\n`);
  }

  /** Leaves the bar's last state standing and goes to the next line. */
  end(): void {
    if (this.barShown) this.output.write('\n');
    this.barShown = false;
  }

  private describe({ stage, done, total, unit, note }: StageProgress, seconds: number): string {
    const share = total > 0 ? Math.min(1, done / total) : 0;
    const made = done - this.firstDone;
    const rate = seconds > 0.5 ? made / seconds : 0;
    const left = rate > 0 && share < 1 ? `${duration((total - done) / rate)} left` : '';
    const parts = [
      `${stage.padEnd(10)} ${bar(share)} ${String(Math.floor(share * 100)).padStart(3)} %`,
      `${compact(done)}/${compact(total)} ${unit}`,
      rate > 0 ? `${compact(rate)} ${unit}/s` : '',
      left,
      note ?? '',
    ];
    return parts.filter(Boolean).join('  ');
  }
}

function bar(share: number): string {
  const full = Math.round(share * BAR_WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}]`;
}

/** `4.2`, `950`, `12.3k`, `1.5M`. */
export function compact(value: number): string {
  if (value >= 999_950) return `${(value / 1e6).toFixed(1)}M`;
  if (value >= 10_000) return `${(value / 1e3).toFixed(1)}k`;
  return Number.isInteger(value) || value >= 100 ? value.toFixed(0) : value.toFixed(1);
}

/** `42 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}
