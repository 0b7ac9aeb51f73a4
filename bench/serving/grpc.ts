import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchOptions, Measure } from '../measure.ts';
import { json, predictTensors, workload } from './inputs.ts';
import { modelConfigFile, startOwnServer } from './own-server.ts';
import { alternate } from './rounds.ts';
import { HOURS, INPUTS, writeSavedModel } from './small-network.ts';

const MODEL = 'small';
const CONNECTIONS = 8;
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
    const shared = { connections: CONNECTIONS };
    const rest = samples.map((sample) => json({ instances: [sample] }));
    const calls = samples.map((sample) =>
      predictTensors(MODEL, {
        x: { dtype: 'float32', shape: [1, HOURS, INPUTS], data: Float32Array.from(sample.flat()) },
      }),
    );
    const restPath = `/v1/models/${MODEL}:predict`;
    const figures = await alternate(
      [
        { name: 'REST', plan: { ...shared, port: server.rest, wire: 'http', path: restPath, bodies: rest } },
        { name: 'gRPC', plan: { ...shared, port: server.grpc, wire: 'grpc', path: PREDICT, bodies: calls } },
      ],
      ROUNDS,
      say,
    );
    const [byRest, byGrpc] = [figures.get('REST')!, figures.get('gRPC')!];
    const ratio = byGrpc.rate / byRest.rate;
    return [
      {
        measure: `gRPC predict, 168 × 8 inputs, ${CONNECTIONS} connections: throughput`,
        ...{ ours: byGrpc.rate, spread: byGrpc.rateSpread, peer: 'our own REST', theirs: byRest.rate },
        ...{ unit: 'requests/s', ratio, floor: FLOOR, holds: ratio >= FLOOR },
        note: `p99 ${byGrpc.p99Ms.toFixed(1)} and ${byRest.p99Ms.toFixed(1)} ms; clients write bytes made before and take ${Math.round(byGrpc.clientMicros)} and ${Math.round(byRest.clientMicros)} µs of processor time a request`,
      },
    ];
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}
