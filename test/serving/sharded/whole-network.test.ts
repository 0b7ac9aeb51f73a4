import { startBackend } from '../../../src/backend/backend.ts';
import { historyHours } from '../../../src/export/network.ts';
import { wholeNetwork } from '../../../src/serving/sharded/whole-network.ts';
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
});
