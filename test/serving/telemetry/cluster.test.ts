import assert from 'node:assert/strict';
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { figuresOfWorkers } from '../../../src/serving/telemetry/figures/of-workers.ts';
import { METRIC } from '../../../src/serving/telemetry/metric-names.ts';
import { until } from '../../support/until.ts';

const PROCESS = fileURLToPath(new URL('./serving-process.ts', import.meta.url));

describe('several serving processes', () => {
  it('are summed, and whoever of them is asked tells of all; what one that died had counted stays', async () => {
    cluster.setupPrimary({ exec: PROCESS, execArgv: [] });
    const workers = [cluster.fork(), cluster.fork()] as [Worker, Worker];
    const figures = figuresOfWorkers(cluster, assert.ifError);
    const value = async (name: string) => {
      const text = await figures.metricsOfAll();
      const line = text.split('\n').find((each) => each.startsWith(name));
      return line === undefined ? undefined : Number(line.split(' ').at(-1));
    };
    try {
      await until(async () => (await value(METRIC.processes)) === 2);
      workers[0].send({ calls: 5 });
      workers[1].send({ calls: 7 });
      await until(async () => (await value(METRIC.calls)) === 12);
      assert.equal(await value(METRIC.queueLength), 6);
      assert.equal(await value(`${METRIC.callSeconds}_count`), 12);

      // The next look.
      await until(async () => (await figures.live({})).processes.length === 2);
      workers[1].send({ ask: true });
      const [{ text, live }] = (await once(workers[1], 'message', {
        signal: AbortSignal.timeout(10_000),
      }).then(async function answer(message): Promise<unknown[]> {
        return 'text' in message[0] ? message : answer(await once(workers[1], 'message'));
      })) as [{ text: string; live: { processes: unknown[] } }];
      assert.match(text, /ringwatt_serving_calls_total\{.*\} 12\n/);
      assert.equal(live.processes.length, 2);
      assert.equal(text.match(/^ringwatt_serving_process_memory_bytes\{/gm)!.length, 2);

      workers[0].kill('SIGKILL');
      await once(workers[0], 'exit');
      assert.equal(await value(METRIC.processes), 1);
      assert.equal(await value(METRIC.calls), 12, 'a sum that fell would be counted again by Prometheus');
      assert.equal(await value(METRIC.queueLength), 3, 'what waited in it waits no longer');
    } finally {
      figures.close();
      for (const worker of workers) worker.process.kill('SIGKILL');
      await Promise.all(workers.map((worker) => worker.isDead() || once(worker, 'exit')));
      cluster.setupPrimary({ exec: process.argv[1]!, execArgv: process.execArgv });
    }
  });

  it('do not wait for one that computes without a pause: it counts as it did last', async () => {
    cluster.setupPrimary({ exec: PROCESS, execArgv: [] });
    const worker = cluster.fork();
    const figures = figuresOfWorkers(cluster, assert.ifError);
    const calls = async () =>
      /ringwatt_serving_calls_total\{.*\} (\d+)\n/.exec(await figures.metricsOfAll())?.[1];
    try {
      worker.send({ calls: 4 });
      await until(async () => (await calls()) === '4');
      worker.send({ busy: 60_000 });
      assert.equal(await calls(), '4');
    } finally {
      figures.close();
      worker.process.kill('SIGKILL');
      await once(worker, 'exit');
      cluster.setupPrimary({ exec: process.argv[1]!, execArgv: process.execArgv });
    }
  });
});
