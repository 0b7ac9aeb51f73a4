import type { NativeConnection, Worker } from '@temporalio/worker';
import type { Registry } from 'prom-client';
import type { Config } from '../src/config/config.ts';
import type { Home } from '../src/lake/home.ts';
import type { Logger } from '../src/stages/context.ts';
import { messageOf } from '../src/errors.ts';
import { measureQueues } from './process-metrics.ts';
import { announceProcess } from './process-record.ts';

export interface WorkerProcess {
  name: string;
  config: Config;
  home: Home;
  log: Logger;
  connection: NativeConnection;
  workers: Worker[];
  metrics: Registry;
  /** Begins once the workers poll; what it returns is called before they stop. */
  whileRunning?: () => Promise<() => Promise<void>>;
}

/** How long work in hand may go on after SIGTERM before it is cancelled; Temporal gives it to another worker. */
export const DRAIN = { shutdownGraceTime: '3 seconds', shutdownForceTime: '9 seconds' } as const;

/** Runs workers until SIGTERM or SIGINT, says when they are ready, and leaves nothing behind. */
export async function runWorkers({ name, config, home, log, connection, ...rest }: WorkerProcess) {
  const { workers, metrics, whileRunning } = rest;
  measureQueues(metrics, workers);
  const record = await announceProcess(home, {
    name,
    state: () => ({
      workers: workers.map((worker) => ({ queue: worker.options.taskQueue, state: worker.getState() })),
    }),
    metrics,
    host: config.healthHost,
  });
  const runs = workers.map((worker) => worker.run());
  let stop: (() => Promise<void>) | undefined;
  const shutDown = () => {
    log.info({}, 'draining');
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  process.once('SIGTERM', shutDown).once('SIGINT', shutDown);
  try {
    stop = await whileRunning?.();
    process.stdout.write(`${JSON.stringify({ msg: 'ready', ready: true, name, pid: process.pid })}\n`);
    await Promise.all(runs);
  } finally {
    shutDown();
    await stop?.().catch((error: unknown) =>
      log.warn({ reason: messageOf(error) }, 'not all was given back'),
    );
    await Promise.allSettled(runs);
    await record.close();
    await connection.close();
  }
}

/** The entry of a worker process: one line and a code when it fails, as for every command. */
export function main(run: () => Promise<void>): void {
  run().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${JSON.stringify({ level: 50, msg: messageOf(error) })}\n`);
      process.exit(1);
    },
  );
}
