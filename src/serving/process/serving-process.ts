import { Registry } from 'prom-client';
import { callLog } from '../../access/call-log.ts';
import { messageOf } from '../../errors.ts';
import { Home } from '../../lake/home.ts';
import { lastingServices } from '../../stack/lasting-services.ts';
import type { Logger } from '../../stages/context.ts';
import type { ModelConfig } from '../model-config.ts';
import type { ServingObserver } from '../observer.ts';
import { nudgeABTest } from '../../temporal/ab-tests.ts';
import { accessLog } from '../telemetry/access-log.ts';
import { allObservers } from '../telemetry/all-observers.ts';
import { figuresFromSupervisor } from '../telemetry/figures/from-supervisor.ts';
import { processMetrics } from '../telemetry/process-metrics.ts';
import { servingMetrics } from '../telemetry/serving-metrics.ts';
import { openTracer } from '../telemetry/traces/open-tracer.ts';
import { trafficMetrics } from '../traffic/metrics.ts';
import { openCore } from './core.ts';
import { openDoors } from './doors.ts';
import type { Addresses } from './messages.ts';
import type { ServeOptions } from './options.ts';

export interface ServingProcess {
  addresses: Addresses;
  /** Takes another list of models in this process. */
  reload(models: readonly ModelConfig[]): Promise<void>;
  /** Of what it computes with, should it end by itself: this process is then of no use. */
  died: Promise<Error>;
  /** Shuts the doors, lets what is under way finish, and writes what waits to be written. */
  close(): Promise<void>;
}

/** It looks by itself every quarter of an hour. */
const NUDGE_SECONDS = 3;

/** Everything that one process does that answers. `reload` reaches all that share its ports; `loading` hears what takes long. */
export async function startServingProcess(
  options: ServeOptions,
  log: Logger,
  reload: (models: readonly ModelConfig[]) => Promise<void>,
  loading: (model: string, version: number) => void,
): Promise<ServingProcess> {
  const { config } = options;
  await using stack = new AsyncDisposableStack();
  const home = await Home.open(config.home);
  const temporal = lastingServices(home, config);
  stack.defer(() => temporal.close());
  const registry = new Registry();
  processMetrics(registry, `serving-${process.pid}`);
  const figures = figuresFromSupervisor(registry);
  stack.defer(() => figures.close());
  const tracer = await openTracer(config, log);
  stack.defer(() => tracer?.close());
  const calls = stack.use(await callLog(home, log));
  const progress: ServingObserver = {
    versionChanged({ model, version, state }) {
      if (state === 'LOADING') loading(model, version);
    },
  };
  const observer = allObservers([servingMetrics(registry), accessLog(log), calls, progress], (error) =>
    log.error({ error: messageOf(error) }, 'what observes calls fails'),
  );
  const core = stack.use(
    await openCore({
      ...{ home, options, log, observer, reload },
      trafficObserver: trafficMetrics(registry),
      nudge: (test) => temporal.ask(NUDGE_SECONDS, (client) => nudgeABTest(client, test)),
    }),
  );
  const doors = stack.use(await openDoors({ home, options, log, core, temporal, figures, tracer, observer }));
  const opened = stack.move();
  return {
    addresses: doors.addresses,
    reload: (models) => core.manager.reload(models),
    died: core.engine.died,
    close: () => opened.disposeAsync(),
  };
}
