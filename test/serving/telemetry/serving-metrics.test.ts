import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import type { CallEnded } from '../../../src/serving/observer.ts';
import { METRIC } from '../../../src/serving/telemetry/metric-names.ts';
import { processMetrics } from '../../../src/serving/telemetry/process-metrics.ts';
import { servingMetrics } from '../../../src/serving/telemetry/serving-metrics.ts';

const CALL: CallEnded = {
  ...{ requestId: 'r', door: 'rest', caller: 'local', model: 'load', version: 3, label: 'stable' },
  ...{ signature: 'serving_default', code: 'OK', seconds: 0.003, rows: 4, cached: false },
};

async function linesOf(registry: Registry, name: string): Promise<string[]> {
  const text = await registry.getSingleMetricAsString(name);
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('metrics of serving', () => {
  it('count calls by door, model, version, label, signature and code, and what they took', async () => {
    const registry = new Registry();
    const observer = servingMetrics(registry);
    observer.callEnded!(CALL);
    observer.callEnded!({ ...CALL, cached: true, seconds: 0.0007 });
    observer.callEnded!({ ...CALL, code: 'RESOURCE_EXHAUSTED' });
    const of = 'model="load",version="3",label="stable",signature="serving_default"';
    assert.deepEqual(await linesOf(registry, METRIC.calls), [
      `${METRIC.calls}{door="rest",${of},code="OK"} 2`,
      `${METRIC.calls}{door="rest",${of},code="RESOURCE_EXHAUSTED"} 1`,
    ]);
    assert.deepEqual(await linesOf(registry, METRIC.cache), [
      `${METRIC.cache}{model="load",version="3",result="miss"} 1`,
      `${METRIC.cache}{model="load",version="3",result="hit"} 1`,
    ]);
    assert.deepEqual(await linesOf(registry, METRIC.rows), [`${METRIC.rows}{${of}} 8`]);
    const seconds = await linesOf(registry, METRIC.callSeconds);
    assert.ok(seconds.includes(`${METRIC.callSeconds}_bucket{le="0.001",${of}} 1`));
    assert.ok(seconds.includes(`${METRIC.callSeconds}_count{${of}} 2`), 'a refusal is quick and no latency');
  });

  it('tell nothing of a cache where none is asked', async () => {
    const registry = new Registry();
    const observer = servingMetrics(registry);
    observer.callEnded!({ ...CALL, signature: 'forecast', cached: undefined });
    assert.equal((await linesOf(registry, METRIC.calls)).length, 1);
    assert.deepEqual(await linesOf(registry, METRIC.cache), []);
  });

  it('keep no name that a caller has made up', async () => {
    const registry = new Registry();
    const observer = servingMetrics(registry);
    observer.callEnded!(CALL);
    for (let i = 0; i < 1000; i++) {
      const { model: _model, version: _version, ...nobody } = CALL;
      observer.callEnded!({ ...nobody, label: `x${i}`, signature: `y${i}`, code: 'NOT_FOUND' });
      observer.callEnded!({
        ...CALL,
        version: 100 + i,
        label: `x${i}`,
        signature: `y${i}`,
        code: 'NOT_FOUND',
      });
      observer.callEnded!({ ...CALL, model: `m${i}`, code: 'NOT_FOUND' });
    }
    const lines = await linesOf(registry, METRIC.calls);
    assert.equal(lines.length, 4);
    assert.ok(lines.some((line) => line.includes('model="load",version="other",label="other"')));
    assert.ok(lines.some((line) => line.includes('model="other"') && line.endsWith(' 1000')));
  });

  it('bound their series however many signatures and labels a model is called by', async () => {
    const registry = new Registry();
    const observer = servingMetrics(registry);
    for (let i = 0; i < 2000; i++) observer.callEnded!({ ...CALL, signature: `s${i}` });
    assert.equal((await linesOf(registry, METRIC.calls)).length, 501);
  });

  it('say which states versions are in, and of a version that is gone nothing after a while', async () => {
    const registry = new Registry();
    const observer = servingMetrics(registry);
    for (let version = 1; version <= 30; version++) {
      observer.versionChanged!({ model: 'load', version, state: 'LOADING' });
      observer.versionChanged!({ model: 'load', version, state: 'AVAILABLE', seconds: version });
      observer.batchEnded!({
        ...{
          model: 'load',
          version,
          signature: 's',
          rows: 8,
          requests: 2,
          seconds: 0.01,
          waitedSeconds: 0.002,
        },
      });
      if (version < 30) observer.versionChanged!({ model: 'load', version, state: 'END' });
    }
    await new Promise(setImmediate);
    assert.deepEqual(await linesOf(registry, METRIC.versions), [
      `${METRIC.versions}{model="load",version="30",state="AVAILABLE"} 1`,
    ]);
    const counts = (await linesOf(registry, METRIC.batchRows)).filter((line) => line.includes('_count'));
    const left = counts.map((line) => Number(/version="(\d+)"/.exec(line)![1]));
    assert.deepEqual(
      left,
      Array.from({ length: 21 }, (_, i) => 10 + i),
    );
  });

  it('measure the process beside it, by its name', async () => {
    const registry = new Registry();
    processMetrics(registry, 'serving-1');
    const [memory] = await linesOf(registry, METRIC.processMemory);
    assert.match(memory!, /process="serving-1"/);
    assert.ok(Number(memory!.split(' ')[1]) > 1e6);
    assert.equal((await linesOf(registry, METRIC.eventLoopLag)).length, 1);
  });
});
