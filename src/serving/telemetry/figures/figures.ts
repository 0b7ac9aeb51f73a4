import { AggregatorRegistry, type Registry } from 'prom-client';
import { LiveHistory, LOOK_EVERY_MS, type Live } from '../live/history.ts';
import type { MetricJson } from '../live/totals.ts';

export interface LiveAsked {
  /** Absent: all models together. */
  model?: string | undefined;
  /** Only what came after, milliseconds since 1970. */
  after?: number | undefined;
}

/** What all serving processes together have counted, whichever of them is asked. */
export interface Figures {
  /** For Prometheus. */
  metricsOfAll(): Promise<string>;
  /** The last quarter of an hour. */
  live(asked: LiveAsked): Promise<Live>;
  close(): void;
}

export const jsonOf = async (registry: Registry): Promise<MetricJson[]> =>
  (await registry.getMetricsAsJSON()) as unknown as MetricJson[];

export const textOf = (metrics: readonly MetricJson[]): Promise<string> =>
  AggregatorRegistry.aggregate([metrics as unknown as object[]]).metrics();

/** Looks again and again, so that the last quarter of an hour is there before anybody asks. */
export function figuresOf(collect: () => Promise<MetricJson[]>, broken: (error: unknown) => void): Figures {
  const history = new LiveHistory();
  const look = () =>
    collect().then(
      (metrics) => history.look(metrics, Date.now()),
      // The next look may do.
      broken,
    );
  void look();
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  return {
    metricsOfAll: async () => textOf(await collect()),
    live: async (asked) => history.live(asked, Date.now()),
    close: () => clearInterval(timer),
  };
}

/** Where one process serves alone. */
export const ownFigures = (registry: Registry, broken: (error: unknown) => void): Figures =>
  figuresOf(() => jsonOf(registry), broken);
