import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import { METRIC } from './metric-names.ts';

/** A stall is seen by whoever looks within so long, however many look. */
const LAG_KEPT_MS = 15_000;

/** What a serving process measures of itself. Of several processes each is told by its name; the rest is summed. */
export function processMetrics(registry: Registry, name: string): void {
  collectDefaultMetrics({ register: registry });
  const gauge = (metric: string, help: string, value: () => number) =>
    new Gauge({
      name: metric,
      help,
      labelNames: ['process'],
      registers: [registry],
      aggregator: 'max',
      collect() {
        this.set({ process: name }, value());
      },
    });
  gauge(METRIC.processMemory, 'Memory of a serving process', () => process.memoryUsage.rss());
  gauge(METRIC.processCpu, 'Processor seconds that a serving process has used', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  gauge(METRIC.eventLoopLag, 'The worst stall of the event loop in the last 15 s', worstLag());
}

function worstLag(): () => number {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let looks: { at: number; seconds: number }[] = [];
  return () => {
    const at = performance.now();
    // Without a timer that has fired since the last look the histogram says nothing.
    looks.push({ at, seconds: delay.count === 0 ? 0 : delay.max / 1e9 });
    delay.reset();
    looks = looks.filter((look) => at - look.at < LAG_KEPT_MS);
    return Math.max(...looks.map(({ seconds }) => seconds));
  };
}
