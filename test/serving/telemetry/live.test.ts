import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { jsonOf, ownFigures } from '../../../src/serving/telemetry/figures/figures.ts';
import { LATENCY_BUCKETS } from '../../../src/serving/telemetry/instruments.ts';
import { LiveHistory } from '../../../src/serving/telemetry/live/history.ts';
import { quantileMs } from '../../../src/serving/telemetry/live/point.ts';
import { processMetrics } from '../../../src/serving/telemetry/process-metrics.ts';
import { servingMetrics } from '../../../src/serving/telemetry/serving-metrics.ts';

const CALL = {
  ...({ requestId: 'r', door: 'rest', caller: 'local', version: 1, signature: 's' } as const),
  ...({ code: 'OK', seconds: 0.0035, rows: 2, cached: false } as const),
};

describe('the last quarter of an hour', () => {
  it('has rates, errors, quantiles, batches and the cache between two looks, by model and of all', async () => {
    const registry = new Registry();
    processMetrics(registry, 'p');
    const observer = servingMetrics(registry);
    const history = new LiveHistory();
    observer.callEnded!({ ...CALL, model: 'a' });
    history.look(await jsonOf(registry), 1000);
    for (let i = 0; i < 9; i++) observer.callEnded!({ ...CALL, model: 'a', cached: i < 3 });
    observer.callEnded!({ ...CALL, model: 'a', code: 'INTERNAL' });
    observer.callEnded!({ ...CALL, model: 'b', seconds: 0.2 });
    observer.queueChanged!({ model: 'a', version: 1, signature: 's', length: 7 });
    observer.batchEnded!({
      ...{ model: 'a', version: 1, signature: 's', rows: 8, requests: 4, seconds: 0.1, waitedSeconds: 0.02 },
    });
    observer.batchEnded!({
      ...{ model: 'a', version: 1, signature: 's', rows: 4, requests: 2, seconds: 0.1, waitedSeconds: 0.01 },
    });
    history.look(await jsonOf(registry), 3000);
    const { points, models, processes } = history.live({ model: 'a' }, 3000);
    assert.deepEqual(models, ['a', 'b']);
    assert.equal(points.length, 1);
    const [{ p50Ms, p99Ms, waitMs, ...rest }] = points as [(typeof points)[0]];
    assert.deepEqual(rest, {
      ...{
        at: 3000,
        callsPerSecond: 5,
        rowsPerSecond: 9,
        errorsPerSecond: { INTERNAL: 0.5 },
        p95Ms: rest.p95Ms,
      },
      ...{ queue: 7, batchesPerSecond: 1, batchRows: 6, cacheShare: 3 / 9 },
    });
    assert.ok(p50Ms! > 3 && p99Ms! <= 4);
    assert.ok(Math.abs(waitMs! - 15) < 1e-9);
    const [all] = history.live({}, 3000).points;
    assert.equal(all!.callsPerSecond, 5.5);
    assert.ok(all!.p99Ms! > 150 && all!.p99Ms! <= 250);
    assert.equal(processes[0]!.name, 'p');
    assert.deepEqual(history.live({ after: 3000 }, 3000).points, []);
  });

  it('takes counts that fell as a new start, and nothing to measure as nothing', async () => {
    const look = async (calls: number) => {
      const registry = new Registry();
      const observer = servingMetrics(registry);
      for (let i = 0; i < calls; i++) observer.callEnded!({ ...CALL, model: 'a' });
      return jsonOf(registry);
    };
    const history = new LiveHistory();
    history.look(await look(10), 0);
    history.look(await look(4), 2000);
    history.look(await look(4), 4000);
    const [fell, still] = history.live({}, 4000).points;
    assert.equal(fell!.callsPerSecond, 2);
    assert.deepEqual(
      [still!.callsPerSecond, still!.p50Ms, still!.batchRows, still!.cacheShare],
      [0, null, null, null],
    );
  });

  it('keeps a quarter of an hour, of fifty models, and no more', async () => {
    const registry = new Registry();
    const observer = servingMetrics(registry);
    for (let i = 0; i < 80; i++) observer.callEnded!({ ...CALL, model: `m${i}` });
    const metrics = await jsonOf(registry);
    const history = new LiveHistory();
    for (let at = 0; at < 600; at++) history.look(metrics, 2000 * at);
    const { models, points } = history.live({}, 0);
    assert.equal(models.length, 50);
    assert.ok(models.includes('other'));
    assert.equal(points.length, 450);
    assert.equal(points.at(-1)!.at, 2000 * 599);
  });

  it('reads quantiles off a histogram as Prometheus does', () => {
    const within = new Float64Array(LATENCY_BUCKETS.length + 1);
    // 10 below 0.5 ms, 10 more below 1 ms.
    within.fill(20);
    within[0] = 10;
    assert.equal(quantileMs(within, 0.5), 0.5);
    assert.equal(quantileMs(within, 0.75), 0.75);
    assert.equal(quantileMs(new Float64Array(within.length), 0.5), null);
    const slow = new Float64Array(within.length);
    slow[LATENCY_BUCKETS.length] = 5;
    assert.equal(quantileMs(slow, 0.99), 30_000);
  });

  it('of one process alone is its own', async () => {
    const registry = new Registry();
    const observer = servingMetrics(registry);
    const figures = ownFigures(registry, assert.ifError);
    try {
      observer.callEnded!({ ...CALL, model: 'a' });
      assert.match(
        await figures.metricsOfAll(),
        /ringwatt_serving_calls_total\{door="rest",model="a".*\} 1\n/,
      );
      assert.equal((await figures.live({})).everyMs, 2000);
    } finally {
      figures.close();
    }
  });
});
