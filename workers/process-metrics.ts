import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Worker } from '@temporalio/worker';

/** What every worker process measures of itself: memory, processor, event loop, and what its queues have it do. */
export function processMetrics(name: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ process: name });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** How much each queue has in hand, looked at when it is asked for. */
export function measureQueues(registry: Registry, workers: readonly Worker[]): void {
  const inHand = new Gauge({
    name: 'ringwatt_worker_tasks',
    help: 'Tasks of a queue that this process has in hand',
    labelNames: ['queue', 'kind'],
    registers: [registry],
    collect() {
      for (const worker of workers) {
        const { taskQueue: queue } = worker.options;
        const { numInFlightActivities, numInFlightWorkflowActivations } = worker.getStatus();
        inHand.set({ queue, kind: 'activity' }, numInFlightActivities);
        inHand.set({ queue, kind: 'workflow' }, numInFlightWorkflowActivations);
      }
    },
  });
}
