import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { BlockAttention } from '../../../src/attention/block-attention.ts';
import { startBackend } from '../../../src/backend/backend.ts';
import { historyHours } from '../../../src/export/network.ts';
import { rowsBetween, stacked } from '../../../src/serving/batching/rows.ts';
import { KeptStates } from '../../../src/serving/sharded/kept-states.ts';
import { wholeNetwork } from '../../../src/serving/sharded/whole-network.ts';
import type { ServingTensor, TensorMap } from '../../../src/serving/tensor.ts';
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

  it('takes what it thought through in the runs before, where it may, until it is closed', async () => {
    const network = smallNetwork('plain');
    const batch = await batchFor(network, [historyHours(network), 5]);
    const { attention, passes } = counted((await startBackend()).attention());
    const kept = new KeptStates();
    const runner = wholeNetwork(network, attention, kept);
    const first = await runner.runRemembering!('serving_default', inputsOf(batch));
    const once = passes();
    assert.deepEqual(await runner.runRemembering!('serving_default', inputsOf(batch)), first);
    assert.equal(passes(), once);
    assert.deepEqual(await runner.run('serving_default', inputsOf(batch)), first);
    assert.equal(passes(), 2 * once);
    await runner.close();
    await wholeNetwork(network, attention, kept).runRemembering!('serving_default', inputsOf(batch));
    assert.equal(passes(), 3 * once);
  });

  it('answers each question of any runs as it would alone, two at a time too', async () => {
    const network = smallNetwork('mixed', { config: { layers: 3 } });
    const hours = historyHours(network);
    const items = 8;
    const lengths = Array.from({ length: items }, (_, i) => [hours, 1, hours - 1, 5][i % 4]!);
    const all = inputsOf(await batchFor(network, lengths));
    // As every other region sees it, where the network knows several.
    const regions = all.get('region')!.data as Int32Array;
    regions.set(regions.map((_, i) => i % network.config.regions.length));
    const attention = (await startBackend()).attention();
    const pick = (which: readonly number[]) => stacked(which.map((item) => rowsBetween(all, item, item + 1)));
    const alone: TensorMap[] = [];
    for (let item = 0; item < items; item++) {
      alone.push(await wholeNetwork(network, attention).run('serving_default', pick([item])));
    }
    const some = fc.array(fc.nat(items - 1), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(some, some, async (one, other) => {
        const runner = wholeNetwork(network, attention, new KeptStates(4096));
        const answers = await Promise.all([
          runner.runRemembering!('serving_default', pick(one)),
          runner.runRemembering!('serving_default', pick(other)),
        ]);
        for (const [i, which] of [one, other].entries()) {
          for (const [row, item] of which.entries()) {
            for (const [name, { data }] of rowsBetween(answers[i]!, row, row + 1)) {
              const expected = alone[item]!.get(name)!.data as Float32Array;
              for (const [k, value] of (data as Float32Array).entries()) {
                assert.ok(Math.abs(value - expected[k]!) <= 1e-6 * Math.abs(expected[k]!));
              }
            }
          }
        }
      }),
      { numRuns: 15 },
    );
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
