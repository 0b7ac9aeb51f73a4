import { AggregatorRegistry } from 'prom-client';
import type { MetricJson } from '../live/totals.ts';

const COUNTED = new Set(['counter', 'histogram']);

/**
 * What processes that have ended had counted by when they were last asked. Left out, a sum would fall with each of them,
 * and Prometheus takes a fall for a start from zero: it would count all the others had once more.
 */
export class Departed {
  readonly #last = new Map<number, MetricJson[]>();
  #counted: MetricJson[] = [];

  get metrics(): MetricJson[] {
    return this.#counted;
  }

  /** Of one that is too busy to answer: without it the sum would fall. */
  lastOf(process: number): MetricJson[] {
    return this.#last.get(process) ?? [];
  }

  saw(process: number, metrics: MetricJson[]): void {
    this.#last.set(process, metrics);
  }

  ended(process: number): void {
    const last = this.#last.get(process);
    this.#last.delete(process);
    if (last === undefined) return;
    // Of what it was, such as its memory, nothing is left.
    const counted = last.filter(({ type }) => COUNTED.has(type));
    this.#counted = together([this.#counted, counted]);
  }
}

/** Summed, or by what each metric says. */
export function together(all: readonly MetricJson[][]): MetricJson[] {
  const registry = AggregatorRegistry.aggregate(all as unknown as object[][]);
  return registry.getMetricsAsArray().map((metric) => (metric as unknown as { get(): MetricJson }).get());
}
