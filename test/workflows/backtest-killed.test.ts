import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mergeRollingBacktest } from '../../src/backtest/rolling/merge-stage.ts';
import { planRollingBacktest } from '../../src/backtest/rolling/plan-stage.ts';
import { backtestStretch } from '../../src/backtest/rolling/stretch-stage.ts';
import {
  rollingBacktestInput,
  rollingBacktestResult,
  settledPlan,
  unitAt,
} from '../../src/contracts/rolling-backtest.ts';
import { loadConfig } from '../../src/config/config.ts';
import { Home } from '../../src/lake/home.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';
import { PIPELINE_QUEUE, WORKFLOWS } from '../../src/temporal/names.ts';
import { meanForecaster, rollingSequences } from '../backtest/rolling-home.ts';
import { bundledWorkflows, temporal, temporaryFolder } from '../support/temporal.ts';
import { until } from '../support/until.ts';

/** More fits than there are. */
const ALL = 1000;
const WORKER = new URL('./backtest-worker.ts', import.meta.url);

describe('a backtest whose worker is killed', () => {
  const workers: ChildProcess[] = [];
  after(() => workers.forEach((worker) => worker.kill('SIGKILL')));

  async function startWorker(order: object) {
    const { address, namespace } = await temporal();
    const worker = fork(WORKER, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    workers.push(worker);
    const begun: string[] = [];
    worker.on('message', (message: { begun: string }) => void begun.push(message.begun));
    worker.send({ address, namespace, ...order });
    return { worker, begun };
  }

  it('goes on with another one, does no finished fit again, and comes to the very same scores', async () => {
    const { client } = await temporal();
    const folder = await temporaryFolder();
    const bundle = join(folder, 'bundle.js');
    await writeFile(bundle, (await bundledWorkflows()).code);
    const run = async (name: string, input: object) => {
      const args = [rollingBacktestInput.parse(input)];
      return client.workflow.start(WORKFLOWS.backtest, { workflowId: name, taskQueue: PIPELINE_QUEUE, args });
    };
    const homeOf = async (name: string) => {
      const home = await Home.open(join(folder, name));
      const config = loadConfig({}, { environment: {} });
      const { signal } = new AbortController();
      const context: StageContext = { home, config, signal, progress() {}, log: silentLogger };
      const sequences = await rollingSequences(context, ['PACW']);
      return {
        context,
        root: home.root,
        input: { sequences, forecasters: ['ridge'], refitDays: 5, atOnce: 1 },
      };
    };

    const disturbed = await homeOf('disturbed');
    const first = await startWorker({ bundle, home: disturbed.root, fits: 2 });
    const handle = await run('backtest/killed', disturbed.input);
    await until(() => first.begun.length === 3);
    first.worker.kill('SIGKILL');
    await once(first.worker, 'exit');
    const second = await startWorker({ bundle, home: disturbed.root, fits: ALL });
    const result = rollingBacktestResult.parse(await handle.result());
    assert.equal(result.units, 4);
    // The fit that was cut off begins again; the two before it do not.
    assert.deepEqual(second.begun, [first.begun[2], second.begun[1]]);

    const quiet = await homeOf('quiet');
    const input = rollingBacktestInput.parse(quiet.input);
    const plan = await planRollingBacktest(quiet.context, input);
    for (const unit of plan.missing) {
      const { forecaster, ...rest } = unitAt(unit, input, plan);
      await backtestStretch(quiet.context, { forecaster, ...rest }, () => meanForecaster(forecaster));
    }
    const undisturbed = await mergeRollingBacktest(quiet.context, { input, plan: settledPlan.parse(plan) });
    assert.deepEqual(undisturbed.dataset, result.dataset);
  });
});
