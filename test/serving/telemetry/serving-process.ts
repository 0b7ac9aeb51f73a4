// A process of a cluster that serves, for tests: counts what it is told and says what all have counted.
import { Registry } from 'prom-client';
import { figuresFromSupervisor } from '../../../src/serving/telemetry/figures/from-supervisor.ts';
import { processMetrics } from '../../../src/serving/telemetry/process-metrics.ts';
import { servingMetrics } from '../../../src/serving/telemetry/serving-metrics.ts';

const registry = new Registry();
processMetrics(registry, `serving-${process.pid}`);
const observer = servingMetrics(registry);
const figures = figuresFromSupervisor(registry);
process.on('message', (message: { calls?: number; ask?: true; busy?: number }) => {
  for (let i = 0; i < (message.calls ?? 0); i++) {
    observer.callEnded!({
      ...{ requestId: 'r', door: 'grpc', caller: 'local', model: 'load', version: 1, signature: 's' },
      ...{ code: 'OK', seconds: 0.01, rows: 1, cached: false },
    });
    observer.queueChanged!({ model: 'load', version: 1, signature: 's', length: 3 });
  }
  if (message.busy !== undefined) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, message.busy);
  if (message.ask)
    void Promise.all([figures.metricsOfAll(), figures.live({ model: 'load' })]).then(([text, live]) =>
      process.send!({ text, live }),
    );
});
