import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import {
  trainingSettings,
  type SegmentInput,
  type SegmentProgress,
  type SegmentResult,
} from '../../src/contracts/training.ts';
import { RingBrokenError } from '../../src/errors.ts';
import { measured } from '../../workers/slot-metrics.ts';
import { reference } from '../support/fake-stages.ts';

const segment: SegmentInput = {
  runId: 'run',
  epoch: 7,
  rank: 1,
  worldSize: 2,
  peers: [],
  sequences: reference('sequences'),
  settings: trainingSettings.parse({}),
  secondsUsed: 0,
  segmentSeconds: 60,
};
const shares = { compute: 0.9, wait: 0.08, transfer: 0.03, data: 0.02 };
const at = (step: number): SegmentProgress => ({
  step,
  totalSteps: 100,
  loss: 0.25,
  secondsUsed: 1,
  budgetSeconds: 60,
  tokensPerSecond: 4000,
  memoryMb: 300,
  shares,
});
const { totalSteps: _, budgetSeconds: __, ...last } = at(14);
const result: SegmentResult = { rank: 1, finished: true, kernel: null, ...last };

describe('the metrics of a slot', () => {
  /** A slot that tells of these steps, and then ends so. */
  function slotOf(steps: number[], end: () => SegmentResult) {
    const registry = new Registry();
    const slot = measured(
      {
        listen: () => Promise.resolve('127.0.0.1:1'),
        async train(_segment, _signal, onProgress) {
          for (const step of steps) onProgress(at(step));
          return end();
        },
      },
      registry,
    );
    const scrapes: Promise<string>[] = [];
    const train = () =>
      slot.train(segment, new AbortController().signal, () => void scrapes.push(registry.metrics()));
    return { train, scrapes, now: () => registry.metrics() };
  }
  const of = '\\{run="run",rank="1"';

  it('say while it trains how far it is, how fast, with how much memory, and where the time goes', async () => {
    const { train, scrapes } = slotOf([11], () => result);
    await train();
    const text = await scrapes[0]!;
    for (const line of [
      `step${of}} 11`,
      `loss${of}} 0\\.25`,
      `tokens_per_second${of}} 4000`,
      `memory_bytes${of}} ${300 * 2 ** 20}`,
      `ring_size${of}} 2`,
      `time_share${of},part="compute"} 0\\.9`,
      `time_share${of},part="wait"} 0\\.08`,
      `time_share${of},part="transfer"} 0\\.03`,
      `time_share${of},part="data"} 0\\.02`,
    ]) {
      assert.match(text, new RegExp(`^ringwatt_training_${line}$`, 'm'));
    }
  });

  it('count steps from where the ring took them up, and segments by how they end', async () => {
    const { train, now } = slotOf([11, 13], () => result);
    await train();
    let text = await now();
    assert.match(text, /^ringwatt_training_steps_total 4$/m);
    assert.match(text, /segments_total\{outcome="finished"\} 1$/m);
    assert.match(text, /segments_total\{outcome="broken"\} 0$/m);
    const broken = slotOf([11], () => {
      throw new RingBrokenError('gone', '');
    });
    await assert.rejects(broken.train());
    text = await broken.now();
    assert.match(text, /segments_total\{outcome="broken"\} 1$/m);
    assert.match(text, /^ringwatt_training_steps_total 1$/m);
  });

  it('say nothing of a training that is over', async () => {
    const { train, now } = slotOf([11], () => ({ ...result, finished: false }));
    await train();
    const text = await now();
    assert.doesNotMatch(text, /run="run"/);
    assert.match(text, /segments_total\{outcome="halted"\} 1$/m);
  });
});
