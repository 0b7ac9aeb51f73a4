import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import type { RegisteredNetwork } from '../../../src/export/network.ts';
import { readNetwork } from '../../../src/export/read-network.ts';
import { referTo } from '../../../src/lake/artifacts.ts';
import { quantisedTensors } from '../../../src/compression/quantise.ts';
import type { Home } from '../../../src/lake/home.ts';
import { tensor, writeSafetensors, type Tensor } from '../../../src/lake/safetensors.ts';
import { layoutOf, viewOf } from '../../../src/model/parameters.ts';
import { flatWeights, namedTensors } from '../../../src/model/weights.ts';
import { Engine } from '../../../src/serving/engine/engine.ts';
import { DEFAULT_SIGNATURE } from '../../../src/serving/signature.ts';
import { memoryOf } from '../../../src/serving/sharded/memory.ts';
import { weightsInFile } from '../../../src/serving/sharded/stored-weights.ts';
import { withShards } from '../../../src/serving/sharded/with-shards.ts';
import type { TensorMap } from '../../../src/serving/tensor.ts';
import { smallNetwork } from '../../export/small-network.ts';
import { homeWithNetwork } from '../home-with-network.ts';
import { inputsOf, plainInputs } from './asked.ts';

describe('registered networks, where some have no room in one process', () => {
  let home: Home;
  let network: RegisteredNetwork;

  before(async () => {
    home = await homeWithNetwork('large', ['2019-03-30']);
    network = await readNetwork(home, 'large', 1);
  });
  after(() => rm(home.root, { recursive: true, force: true }));

  const source = () => ({ kind: 'registered' as const, root: home.root, name: 'large', version: 1 });
  const answerOf = async (loader: Pick<Engine, 'load'>) => {
    const loaded = await loader.load(source());
    try {
      const outputs: TensorMap = await loaded.run(
        DEFAULT_SIGNATURE,
        inputsOf({ inputs: plainInputs(network) }),
      );
      return { outputs, loaded, sharded: 'pids' in loaded };
    } finally {
      await loaded.unload();
    }
  };

  it('are dealt to shards, and answer as they do from one', async () => {
    await using engine = await Engine.start();
    const memoryBytes = memoryOf(network);
    const whole = await answerOf(withShards(engine, { memoryBytes, shards: 2 }));
    assert.ok(!whole.sharded);
    const dealt = await answerOf(withShards(engine, { memoryBytes: memoryBytes - 1, shards: 2 }));
    assert.ok(dealt.sharded);
    assert.deepEqual(dealt.loaded.signatures, whole.loaded.signatures);
    assert.deepEqual(dealt.loaded.bounds, whole.loaded.bounds);
    assert.equal(dealt.loaded.sha256, whole.loaded.sha256);
    for (const [name, { data, shape }] of whole.outputs) {
      const found = dealt.outputs.get(name)!;
      assert.deepEqual(found.shape, shape);
      (data as Float32Array).forEach((value, i) => {
        const other = (found.data as Float32Array)[i]!;
        assert.ok(Math.abs(other - value) <= 1e-5 * Math.abs(value), `${name}[${i}]: ${other}, ${value}`);
      });
    }
    assert.equal(whole.outputs.get('hourly_ratio')!.shape[1], network.config.horizon);
  });

  it('are refused where no number of shards, or not the number given, has room', async () => {
    const engine = { load: () => assert.fail('it has no room') };
    const refused = (options: { memoryBytes: number; shards?: number }, what: RegExp) =>
      assert.rejects(withShards(engine, options).load(source()), { name: 'BadInputError', message: what });
    await refused({ memoryBytes: 1e6 }, /needs \d+ MB in each of 64 shards, and 1 MB are given/);
    await refused({ memoryBytes: 1e6, shards: 3 }, /in each of 3 shards/);
  });

  it('have their weights read from whatever form they are stored in', async () => {
    const { config, weights } = smallNetwork('stored');
    const layout = layoutOf(config);
    const forms: Record<string, Record<string, Tensor>> = {
      named: namedTensors(weights, layout),
      flat: { weights: tensor(weights, [weights.length]) },
      int8: quantisedTensors(weights, layout),
    };
    for (const [form, tensors] of Object.entries(forms)) {
      const uri = `${form}.safetensors`;
      await writeSafetensors(home.path(uri), tensors);
      const all =
        form === 'int8' ? flatWeights(new Map(Object.entries(tensors)), layout, 'The weights') : weights;
      await using source = await weightsInFile(home, await referTo(home, uri), config);
      for (const parameter of layout.parameters)
        assert.deepEqual(
          await source.read(parameter.name),
          viewOf(all, parameter).slice(),
          `${form} ${parameter.name}`,
        );
    }
  });
});
