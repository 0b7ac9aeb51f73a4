import { readFile } from 'node:fs/promises';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { pipelineActivities } from '../../activities/index.ts';
import { mergeRollingBacktest } from '../../src/backtest/rolling/merge-stage.ts';
import { planRollingBacktest } from '../../src/backtest/rolling/plan-stage.ts';
import { backtestStretch } from '../../src/backtest/rolling/stretch-stage.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { RollingUnit } from '../../src/contracts/rolling-backtest.ts';
import { Home } from '../../src/lake/home.ts';
import { writeBacktestReport } from '../../src/report/backtest-stage.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';
import type { StageRunner } from '../../src/stages/runner.ts';
import { PIPELINE_QUEUE } from '../../src/temporal/names.ts';
import { meanForecaster } from '../backtest/rolling-home.ts';

// A worker as a process that can be killed: real stages of a backtest on a small home, with a forecaster that needs no
// time. It tells its parent of every fit that it begins; those after the first `fits` never end.

interface Order {
  address: string;
  namespace: string;
  bundle: string;
  home: string;
  fits: number;
}

process.on('disconnect', () => process.exit(1));
process.once('message', (order: Order) => void work(order));

async function work({ address, namespace, bundle, home: root, fits }: Order): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const home = await Home.open(root);
  let begun = 0;
  const fit = async (context: StageContext, unit: RollingUnit) => {
    process.send!({ begun: `${unit.forecaster}-${unit.stretch.from}` });
    if (begun++ >= fits) await new Promise(() => {});
    return backtestStretch(context, unit, () => meanForecaster(unit.forecaster));
  };
  const stages = { planRollingBacktest, backtestStretch: fit, mergeRollingBacktest, writeBacktestReport };
  const run = ((stage: keyof typeof stages, input: never, options: object) => {
    const context = { home, config: loadConfig({}, { environment: {} }), log: silentLogger, ...options };
    return stages[stage](context as StageContext, input);
  }) as unknown as StageRunner;
  const worker = await Worker.create({
    connection: await NativeConnection.connect({ address }),
    namespace,
    taskQueue: PIPELINE_QUEUE,
    workflowBundle: { code: await readFile(bundle, 'utf8') },
    activities: pipelineActivities({ run, heartbeatMs: 200, elasticPatienceMs: 1000 }),
    stickyQueueScheduleToStartTimeout: '1 second',
    maxHeartbeatThrottleInterval: 200,
    defaultHeartbeatThrottleInterval: 200,
  });
  await worker.run();
}
