// node test/export/write-samples.ts HOME MODEL VERSION COUNT FILE: issues of the record and our answers, for peers.py.
import { historyHours } from '../../src/export/network.ts';
import { readNetwork } from '../../src/export/read-network.ts';
import { Home } from '../../src/lake/home.ts';
import { writeSafetensors } from '../../src/lake/safetensors.ts';
import { recordSamples } from './record-samples.ts';
import { batchOf } from './samples.ts';

const [root, model, version, count, path] = process.argv.slice(2);
const home = await Home.open(root!);
const network = await readNetwork(home, model!, Number(version));
const samples = await recordSamples(home, network, Number(count));
const { inputs, expected } = batchOf(samples, historyHours(network), network.config.channels.length);
const named = (prefix: string, tensors: object) =>
  Object.fromEntries(Object.entries(tensors).map(([name, one]) => [`${prefix}.${name}`, one]));
await writeSafetensors(path!, { ...named('input', inputs), ...named('expected', expected) });
process.exit(0);
