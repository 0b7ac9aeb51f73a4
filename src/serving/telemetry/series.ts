import type { Metric, Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string>>;

interface Value {
  labels: Readonly<Record<string, string | number>>;
  value: number;
  metricName?: string;
}

export interface MetricOptions {
  name: string;
  help: string;
  labelNames: readonly string[];
  registry: Registry;
  /** What several processes together have. */
  aggregator?: 'sum' | 'max';
}

/**
 * A metric whose series are found once and then counted on. The library's own find theirs anew each time, by labels that
 * are checked, sorted and joined: of several a call that was a tenth of what a small model's call took.
 */
abstract class SeriesMetric<Series extends { labels: Labels }> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly aggregator: 'sum' | 'max';
  abstract readonly type: 'counter' | 'gauge' | 'histogram';
  readonly #series = new Map<string, Series>();

  constructor({ name, help, labelNames, registry, aggregator = 'sum' }: MetricOptions) {
    this.name = name;
    this.help = help;
    this.labelNames = labelNames;
    this.aggregator = aggregator;
    // All that a registry does with a metric is to ask it for its name and values.
    registry.registerMetric(this as unknown as Metric);
  }

  /** Each of the names must be there. */
  series(labels: Labels): Series {
    const key = this.labelNames.map((name) => labels[name]).join('\0');
    let found = this.#series.get(key);
    if (!found) this.#series.set(key, (found = this.made(labels)));
    return found;
  }

  /** Those of which `isGone` are told of no more; who still counts on one counts for nobody. */
  forget(isGone: (labels: Labels) => boolean): void {
    for (const [key, { labels }] of this.#series) if (isGone(labels)) this.#series.delete(key);
  }

  async get() {
    const { name, help, type, aggregator } = this;
    return {
      name,
      help,
      type,
      aggregator,
      values: [...this.#series.values()].flatMap((each) => this.told(each)),
    };
  }

  protected abstract made(labels: Labels): Series;
  protected abstract told(series: Series): Value[];
}

export interface NumberSeries {
  labels: Labels;
  value: number;
}

export class NumberMetric extends SeriesMetric<NumberSeries> {
  readonly type: 'counter' | 'gauge';

  constructor(type: 'counter' | 'gauge', options: MetricOptions) {
    super(options);
    this.type = type;
  }

  protected made = (labels: Labels): NumberSeries => ({ labels, value: 0 });

  protected told = ({ labels, value }: NumberSeries): Value[] => [{ labels, value }];
}

export class HistogramMetric extends SeriesMetric<HistogramSeries> {
  readonly type = 'histogram';
  readonly #bounds: readonly number[];

  constructor(bounds: readonly number[], options: MetricOptions) {
    super(options);
    this.#bounds = bounds;
  }

  protected made = (labels: Labels): HistogramSeries => new HistogramSeries(labels, this.#bounds);

  protected told({ labels, counts, sum }: HistogramSeries): Value[] {
    const { name } = this;
    let count = 0;
    const buckets = Array.from(counts, (own, i): Value => {
      count += own;
      return {
        labels: { le: this.#bounds[i] ?? '+Inf', ...labels },
        value: count,
        metricName: `${name}_bucket`,
      };
    });
    return [
      ...buckets,
      { labels, value: sum, metricName: `${name}_sum` },
      { labels, value: count, metricName: `${name}_count` },
    ];
  }
}

export class HistogramSeries {
  readonly labels: Labels;
  /** Of each bucket alone; the last has no bound. */
  readonly counts: Float64Array;
  sum = 0;
  readonly #bounds: readonly number[];

  constructor(labels: Labels, bounds: readonly number[]) {
    this.labels = labels;
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]!) bucket++;
    this.counts[bucket]! += 1;
    this.sum += value;
  }
}
