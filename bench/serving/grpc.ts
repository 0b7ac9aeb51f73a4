import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchOptions, Measure } from '../measure.ts';
import { json, predictTensors, workload } from './inputs.ts';
import { modelConfigFile, startOwnServer } from './own-server.ts';
import { alternate, type Figures, type Side } from './rounds.ts';
import { HOURS, INPUTS, writeSavedModel } from './small-network.ts';

const MODEL = 'small';
/**
 * Few, of which each of two processes has four requests to put together, so that what both doors have in common weighs
 * most; and as many as the champion is asked over, where both processes have all they can do.
 */
const CONNECTIONS = [8, 32];
const FLOOR = 1.5;
const ROUNDS = { rounds: 5, seconds: 5, warmUpSeconds: 1 };
export const PREDICT = '/tensorflow.serving.PredictionService/Predict';

/** The same server, network and values through both of TensorFlow Serving's doors, in turn. */
export async function grpc({ say }: BenchOptions): Promise<Measure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ringwatt-bench-'));
  const { network, samples } = workload();
  await writeSavedModel(join(folder, MODEL), network);
  const models = join(folder, 'models.config');
  await writeFile(models, modelConfigFile(MODEL, join(folder, MODEL)));
  const flags = ['--model-config-file', models, '--processes', '2', '--cache-mb', '0'];
  const server = await startOwnServer(join(folder, 'home'), ...flags);
  try {
    const rest = samples.map((sample) => json({ instances: [sample] }));
    const calls = samples.map((sample) =>
      predictTensors(MODEL, {
        x: { dtype: 'float32', shape: [1, HOURS, INPUTS], data: Float32Array.from(sample.flat()) },
      }),
    );
    const path = `/v1/models/${MODEL}:predict`;
    const results: Measure[] = [];
    for (const connections of CONNECTIONS) {
      say(`${connections} connections`);
      const sides: Side[] = [
        { name: 'REST', plan: { connections, port: server.rest, wire: 'http', path, bodies: rest } },
        {
          name: 'gRPC',
          plan: { connections, port: server.grpc, wire: 'grpc', path: PREDICT, bodies: calls },
        },
      ];
      const figures = await alternate(sides, ROUNDS, say);
      results.push(measureOf(connections, figures.get('REST')!, figures.get('gRPC')!));
    }
    return results;
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function measureOf(connections: number, byRest: Figures, byGrpc: Figures): Measure {
  const ratio = byGrpc.rate / byRest.rate;
  return {
    measure: `gRPC predict, 168 × 8 inputs, ${connections} connections: throughput`,
    ...{ ours: byGrpc.rate, spread: byGrpc.rateSpread, peer: 'our own REST', theirs: byRest.rate },
    ...{ unit: 'requests/s', ratio, floor: FLOOR, holds: ratio >= FLOOR },
    note: `p99 ${byGrpc.p99Ms.toFixed(1)} and ${byRest.p99Ms.toFixed(1)} ms; clients write bytes made before and take ${Math.round(byGrpc.clientMicros)} and ${Math.round(byRest.clientMicros)} µs of processor time a request`,
  };
}
