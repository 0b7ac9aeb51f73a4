import { METRIC } from '../metric-names.ts';
import { OTHER } from '../seen-names.ts';
import { pointOf, type Point } from './point.ts';
import { added, noTotals, since, totalsOf, type MetricJson, type Totals } from './totals.ts';

export const LOOK_EVERY_MS = 2000;
/** A quarter of an hour. */
const LOOKS_KEPT = 450;
/** Of these each has its own charts; the least called of more count together. */
const MOST_MODELS = 50;

export interface ProcessNow {
  name: string;
  memoryBytes: number;
  /** Share of one core since the look before. */
  cpu: number | null;
  lagMs: number;
}

export interface LoadedVersion {
  model: string;
  version: string;
  state: string;
  /** In so many processes. */
  processes: number;
}

export interface Live {
  now: number;
  everyMs: number;
  models: string[];
  /** Of the model that was asked for, or of all together. */
  points: Point[];
  processes: ProcessNow[];
  versions: LoadedVersion[];
}

/** The last quarter of an hour in memory, so that whoever opens a page sees how it came to be. */
export class LiveHistory {
  /** `''` is all of them together. */
  readonly #points = new Map<string, Point[]>();
  #before: { at: number; totals: Map<string, Totals> } | undefined;
  #processes: ProcessNow[] = [];
  #cpu = new Map<string, { at: number; seconds: number }>();
  #versions: LoadedVersion[] = [];

  look(metrics: readonly MetricJson[], at: number): void {
    this.#processes = this.#processesOf(metrics, at);
    this.#versions = versionsOf(metrics);
    const totals = bounded(totalsOf(metrics));
    totals.set('', [...totals.values()].reduce(added, noTotals()));
    const before = this.#before;
    this.#before = { at, totals };
    if (before === undefined || at <= before.at) return;
    const seconds = (at - before.at) / 1000;
    for (const [model, now] of totals) {
      const points = this.#points.get(model) ?? [];
      points.push(pointOf(since(before.totals.get(model) ?? noTotals(), now), at, seconds));
      if (points.length > LOOKS_KEPT) points.shift();
      this.#points.set(model, points);
    }
    for (const model of this.#points.keys()) if (!totals.has(model)) this.#points.delete(model);
  }

  /** What came after a moment, milliseconds since 1970. */
  live(
    { model = '', after = 0 }: { model?: string | undefined; after?: number | undefined },
    now: number,
  ): Live {
    return {
      now,
      everyMs: LOOK_EVERY_MS,
      models: [...this.#points.keys()].filter((name) => name !== '').sort(),
      points: (this.#points.get(model) ?? []).filter(({ at }) => at > after),
      processes: this.#processes,
      versions: this.#versions,
    };
  }

  #processesOf(metrics: readonly MetricJson[], at: number): ProcessNow[] {
    const read = (name: string) =>
      new Map(
        metrics
          .find((metric) => metric.name === name)
          ?.values.map(({ labels, value }) => [String(labels['process']), value] as const),
      );
    const [cpu, lag] = [read(METRIC.processCpu), read(METRIC.eventLoopLag)];
    const before = this.#cpu;
    this.#cpu = new Map([...cpu].map(([name, seconds]) => [name, { at, seconds }]));
    return [...read(METRIC.processMemory)].map(([name, memoryBytes]) => {
      const then = before.get(name);
      const used = then && ((cpu.get(name) ?? 0) - then.seconds) / ((at - then.at) / 1000);
      return { name, memoryBytes, cpu: used ?? null, lagMs: 1000 * (lag.get(name) ?? 0) };
    });
  }
}

function versionsOf(metrics: readonly MetricJson[]): LoadedVersion[] {
  const values = metrics.find(({ name }) => name === METRIC.versions)?.values ?? [];
  return values.map(({ labels, value }) => ({
    model: String(labels['model']),
    version: String(labels['version']),
    state: String(labels['state']),
    processes: value,
  }));
}

function bounded(models: Map<string, Totals>): Map<string, Totals> {
  if (models.size <= MOST_MODELS) return models;
  const calls = ({ calls }: Totals) => [...calls.values()].reduce((sum, count) => sum + count, 0);
  const most = [...models].sort(([, a], [, b]) => calls(b) - calls(a));
  const kept = new Map(most.slice(0, MOST_MODELS - 1));
  const rest = most.slice(MOST_MODELS - 1).map(([, totals]) => totals);
  kept.set(OTHER, rest.reduce(added, kept.get(OTHER) ?? noTotals()));
  return kept;
}
