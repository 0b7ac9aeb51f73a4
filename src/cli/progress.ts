import type { StageProgress } from '../stages/context.ts';

/** Where a job stands that runs elsewhere. */
export interface JobProgress {
  stage: string | null;
  /** Of the whole job, 0 to 100. */
  percent: number;
  /** Units of the running stage a second. */
  rate: number | null;
  secondsLeft: number | null;
  note: string;
  /** The running stage alone. */
  progress: StageProgress | null;
  paused: boolean;
}

interface Output {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  write(text: string): unknown;
}

const BAR_WIDTH = 24;
const REDRAW_MS = 100;
const PLAIN_EVERY_MS = 5000;

/**
 * Where the work stands: one line that redraws itself on a terminal, with those who work below it, and now and then a
 * plain line elsewhere. Shows stage, percent, rate and the time left.
 */
export class ProgressDisplay {
  private readonly output: Output;
  private readonly now: () => number;
  private stage = '';
  private since = 0;
  private firstDone = 0;
  private shownAt = -Infinity;
  private barShown = false;
  /** Lines below the bar. */
  private below = 0;

  constructor(output: Output, now: () => number = Date.now) {
    this.output = output;
    this.now = now;
  }

  /** A stage that runs here: its own percent, rate and time left. */
  show({ stage, done, total, unit, note }: StageProgress, below: readonly string[] = []): void {
    const now = this.now();
    if (stage !== this.stage) {
      this.since = now;
      this.firstDone = done;
    }
    const share = total > 0 ? Math.min(1, done / total) : 0;
    const seconds = (now - this.since) / 1000;
    const rate = seconds > 0.5 ? (done - this.firstDone) / seconds : 0;
    const left = rate > 0 && share < 1 ? (total - done) / rate : null;
    this.draw(stage, share, [extent(done, total, unit), pace(rate, unit), timeLeft(left), note], below);
  }

  /** A job of many stages that runs elsewhere: the percent and the time left are the whole job's. */
  job(
    { stage, percent, secondsLeft, rate, note, progress, paused }: JobProgress,
    below: readonly string[] = [],
  ): void {
    if (stage === null) return;
    const parts = [
      paused ? 'paused' : '',
      progress ? extent(progress.done, progress.total, progress.unit) : '',
      progress ? pace(rate ?? 0, progress.unit) : '',
      timeLeft(secondsLeft),
      note,
    ];
    this.draw(stage, percent / 100, parts, below);
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
    this.below = 0;
  }

  private draw(stage: string, share: number, parts: (string | undefined)[], below: readonly string[]): void {
    const now = this.now();
    const begins = stage !== this.stage;
    const every = this.output.isTTY ? REDRAW_MS : PLAIN_EVERY_MS;
    if (!begins && now - this.shownAt < every) return;
    this.stage = stage;
    this.shownAt = now;
    const head = `${stage.padEnd(10)} ${bar(share)} ${String(Math.floor(share * 100)).padStart(3)} %`;
    const text = [head, ...parts].filter(Boolean).join('  ');
    if (this.output.isTTY) {
      this.redraw([text, ...below]);
    } else {
      this.output.write(`${text}\n`);
    }
  }

  /** Over what was drawn before; never more than the screen holds, for the cursor cannot go back above it. */
  private redraw(lines: readonly string[]): void {
    // A terminal that nobody has told its size says 0.
    const columns = this.output.columns || 100;
    const rows = this.output.rows || 24;
    const shown = lines.slice(0, Math.max(1, rows - 1)).map((line) => line.slice(0, columns - 1));
    const up = this.below > 0 ? `\x1b[${this.below}A` : '';
    this.output.write(`${up}\r\x1b[J${shown.join('\n')}`);
    this.barShown = true;
    this.below = shown.length - 1;
  }
}

const extent = (done: number, total: number, unit: string) => `${compact(done)}/${compact(total)} ${unit}`;
/** Of seconds it says nothing: one passes each second. */
const pace = (rate: number, unit: string) =>
  rate > 0 && !/^s\b/.test(unit) ? `${compact(rate)} ${unit}/s` : '';
const timeLeft = (seconds: number | null) => (seconds === null ? '' : `${duration(seconds)} left`);

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
