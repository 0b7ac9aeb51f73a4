import assert from 'node:assert/strict';
import type { TrainedNetwork } from '../../src/forecasters/transformer.ts';
import { modelConfig } from '../../src/model/config.ts';
import { initialWeights, layoutOf, viewOf } from '../../src/model/parameters.ts';
import { predictorOf } from '../../src/model/predictor.ts';
import { randomOf } from '../../src/model/random.ts';
import { withUnseenRegion } from '../../src/search/unseen-region.ts';

const config = modelConfig.parse({
  ...{ channels: ['a', 'b'], regions: ['PACW', 'ERCO'], horizon: 3, width: 16, layers: 1, heads: 2 },
  ...{ mlpWidth: 32, outputScale: 1 },
});
const HOURS = 5;
const inputs = Float32Array.from({ length: HOURS * 2 }, (_, i) => Math.sin(i));

describe('a network asked for a region that it was not trained on', () => {
  it('takes the mean of what it has for each region it knows, and answers for these as before', async () => {
    const layout = layoutOf(config);
    const random = randomOf('unseen');
    const weights = initialWeights(layout, random).map((weight) => weight + (random() - 0.5) / 5);
    const network = { model: await predictorOf(config, weights), scaling: { regions: {} } };
    const { model } = await withUnseenRegion(network as unknown as TrainedNetwork, 'MISO', undefined);
    for (const region of ['PACW', 'ERCO']) {
      assert.deepEqual(
        await model.predict(inputs, HOURS, region),
        await network.model.predict(inputs, HOURS, region),
      );
    }
    const averaged = weights.slice();
    for (const name of ['embed.region', 'head.region']) {
      const rows = viewOf(averaged, layout.byName.get(name)!);
      const columns = rows.length / 2;
      for (let i = 0; i < columns; i++) rows[i] = rows[columns + i] = (rows[i]! + rows[columns + i]!) / 2;
    }
    const mean = await (await predictorOf(config, averaged)).predict(inputs, HOURS, 'PACW');
    const unseen = await model.predict(inputs, HOURS, 'MISO');
    unseen.forEach((value, i) => assert.ok(Math.abs(value - mean[i]!) < 1e-5));
    assert.notDeepEqual(unseen, await model.predict(inputs, HOURS, 'PACW'));
  });
});
