import assert from 'node:assert/strict';
import type { BlockAttention } from '../../../src/attention/block-attention.ts';
import { startBackend } from '../../../src/backend/backend.ts';
import { historyHours } from '../../../src/export/network.ts';
import { wholeNetwork } from '../../../src/serving/sharded/whole-network.ts';
import type { ServingTensor } from '../../../src/serving/tensor.ts';
import { smallNetwork } from '../../export/small-network.ts';
import { batchFor, inputsOf, requireAnswered } from './asked.ts';

const NETWORKS = {
  'two layers': smallNetwork('plain'),
  'heads that share keys and values': smallNetwork('grouped', {
    config: { width: 32, heads: 4, kvHeads: 2, layers: 3 },
  }),
  'a window': smallNetwork('window', { config: { window: 6, layers: 3 }, sequenceLength: 40 }),
  'hourly answers alone': smallNetwork('hourly', { answersIssues: false }),
};

describe('a network in one thread', () => {
  for (const [name, network] of Object.entries(NETWORKS)) {
    it(`of ${name} answers what it forecasts, and again when it is asked again`, async () => {
      const hours = historyHours(network);
      const batch = await batchFor(network, [hours, Math.ceil(hours / 2), 1, hours - 1]);
      const runner = wholeNetwork(network, (await startBackend()).attention());
      const inputs = inputsOf(batch);
      requireAnswered(await runner.run('serving_default', inputs), batch);
      requireAnswered(await runner.run('serving_default', inputs), batch);
    });
  }

  it('thinks through a history once, whoever else asks about it at the same time', async () => {
    const network = smallNetwork('plain');
    const batch = await batchFor(network, [historyHours(network), 5]);
    const { attention, passes } = counted((await startBackend()).attention());
    const runner = wholeNetwork(network, attention);
    const alone = await runner.run('serving_default', inputsOf(batch));
    const once = passes();
    // Twice the same histories, the second time with other issues: another answer of the same state.
    const inputs = new Map([...inputsOf(batch)].map(([name, tensor]) => [name, twice(name, tensor)]));
    const answers = await runner.run('serving_default', inputs);
    assert.equal(passes(), 2 * once);
    const quantiles = answers.get('quantiles_mw')!.data as Float32Array;
    const before = alone.get('quantiles_mw')!.data as Float32Array;
    assert.deepEqual(quantiles.slice(0, before.length), before);
    assert.notDeepEqual(quantiles.slice(before.length), before);
    const hourly = answers.get('hourly_ratio')!.data as Float32Array;
    assert.deepEqual(hourly.slice(hourly.length / 2), hourly.slice(0, hourly.length / 2));
  });
});

/** One below the other, the second time with other values of what is known of the issue. */
function twice(name: string, { dtype, shape, data }: ServingTensor): ServingTensor {
  const again = name === 'issue_features' ? (data as Float32Array).map((value) => value + 1) : data;
  const Data = data.constructor as Float32ArrayConstructor;
  return {
    ...{ dtype, shape: [2 * shape[0]!, ...shape.slice(1)] },
    data: Data.from([...(data as Float32Array), ...(again as Float32Array)]),
  };
}

function counted(attention: BlockAttention): { attention: BlockAttention; passes: () => number } {
  let passes = 0;
  const watched = new Proxy(attention, {
    get(target, key) {
      if (key === 'forward') passes++;
      const value = Reflect.get(target, key) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { attention: watched, passes: () => passes };
}
