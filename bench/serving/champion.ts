import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readNetwork } from '../../src/export/read-network.ts';
import { historyHours, type RegisteredNetwork } from '../../src/export/network.ts';
import { Home } from '../../src/lake/home.ts';
import { gaussians, randomOf } from '../../src/model/random.ts';
import { placeAt } from '../accuracy/verb.ts';
import type { BenchOptions, Measure } from '../measure.ts';
import { registerContext } from './contexts.ts';
import { PREDICT } from './grpc.ts';
import { predictTensors, type PredictTensor } from './inputs.ts';
import { startOwnServer, type OwnServer } from './own-server.ts';
import { alternate, type Figures, type Side } from './rounds.ts';

const MODEL = 'champion';
const CONNECTIONS = 32;
const FLOOR = 2;
/** Hours of context; longer ones need longer turns to answer anything at all. */
const CONTEXTS = [
  { hours: 168, seconds: 5 },
  { hours: 720, seconds: 10 },
  { hours: 2184, seconds: 20 },
  { hours: 8760, seconds: 40 },
];
const ROUNDS = 3;

/**
 * The network of the day ahead as `run` makes it, with requests gathered into runs and without. What is compared is all
 * that `--no-batching` turns off: runs of several requests, histories thought through once for all of a run, and states
 * of histories kept for the runs after it. It is trained for few
 * steps only, which changes its errors and not what an answer costs. Requests come over gRPC: a year of 149 channels as
 * JSON would be a figure of JSON.
 */
export async function champion({ say }: BenchOptions): Promise<Measure[]> {
  const root = await mkdtemp(join(tmpdir(), 'ringwatt-bench-'));
  const servers: OwnServer[] = [];
  try {
    await placeAt(root, say).verb(
      ...['run', '--model', MODEL, '--train', '2018-01..2018-09', '--score', '2018-10..2018-12'],
      ...['--from', '2018-01', '--to', '2018', '--preset', 'quick', '--promote', 'never'],
      ...['--members', 'transformer', '--regions', 'ERCO,PACW', '--max-steps', '10'],
    );
    const home = await Home.open(root);
    for (const { hours } of CONTEXTS) await registerContext(home, MODEL, nameOf(hours), hours);
    const models = join(root, 'models.config');
    await writeFile(models, modelsFile());
    const flags = ['--model-config-file', models, '--processes', '2', '--cache-mb', '0'];
    const gathering = await startOwnServer(root, ...flags);
    servers.push(gathering);
    const single = await startOwnServer(root, ...flags, '--no-batching');
    servers.push(single);
    const results: Measure[] = [];
    for (const { hours, seconds } of CONTEXTS) {
      const bodies = requestsOf(await readNetwork(home, nameOf(hours), 1), nameOf(hours));
      const side = (name: string, { grpc }: OwnServer): Side => ({
        name,
        plan: { port: grpc, connections: CONNECTIONS, wire: 'grpc', path: PREDICT, bodies },
      });
      say(`a context of ${hours} hours`);
      const sides = [side('batching', gathering), side('no batching', single)];
      const figures = await alternate(sides, { rounds: ROUNDS, seconds, warmUpSeconds: 1 }, say);
      results.push(measureOf(hours, figures.get('batching')!, figures.get('no batching')!));
    }
    return results;
  } finally {
    for (const server of servers) await server.close();
    await rm(root, { recursive: true, force: true });
  }
}

const nameOf = (hours: number) => `context-${hours}`;

function modelsFile(): string {
  const configs = CONTEXTS.map(
    ({ hours }) =>
      `  config { name: "${nameOf(hours)}" model_platform: "ringwatt" model_version_policy { specific { versions: 1 } } }`,
  );
  return `model_config_list {\n${configs.join('\n')}\n}\n`;
}

/** A model of five regions is asked about five histories at any hour, those up to the newest known of each. */
const HISTORIES = 5;
/** Of a year's context 5 MB each. */
const REQUESTS = 40;

/**
 * Values around each channel's mean, so that the network computes on what it was made for: each request with an issue of
 * its own, about one of the few histories that callers of the same hour ask about.
 */
export function requestsOf(network: RegisteredNetwork, model: string): Uint8Array[] {
  const { config, answersIssues } = network;
  const random = randomOf('bench', 'champion', model);
  const hours = historyHours(network);
  const normal = (...shape: number[]): PredictTensor => ({
    dtype: 'float32',
    shape: [1, ...shape],
    data: gaussians(
      random,
      shape.reduce((size, axis) => size * axis, 1),
      1,
    ).map((value) => 100 + 10 * value),
  });
  const integer = (value: number): PredictTensor => ({
    dtype: 'int32',
    shape: [1],
    data: Int32Array.of(value),
  });
  const head = answersIssues ? config.issueHead : undefined;
  const histories = Array.from({ length: HISTORIES }, () => normal(hours, config.channels.length));
  return Array.from({ length: REQUESTS }, (_, i) =>
    predictTensors(model, {
      history: histories[i % HISTORIES]!,
      history_hours: integer(hours),
      region: integer(0),
      ...(head && {
        issue_features: normal(head.horizon, head.columns.length),
        base_mw: normal(head.horizon),
        ...(head.dayColumns.length > 0 && { issue_day: normal(head.dayColumns.length) }),
      }),
    }),
  );
}

function measureOf(hours: number, on: Figures, off: Figures): Measure {
  const ratio = on.rate / off.rate;
  return {
    measure: `champion, ${hours} hours of context, ${CONNECTIONS} connections: throughput with batching`,
    ...{ ours: on.rate, spread: on.rateSpread, peer: 'without batching', theirs: off.rate },
    ...{ unit: 'requests/s', ratio, floor: FLOOR, holds: ratio >= FLOOR },
    note: `callers ask about ${HISTORIES} histories; p99 ${on.p99Ms.toFixed(1)} ms with batching, ${off.p99Ms.toFixed(1)} ms without`,
  };
}
