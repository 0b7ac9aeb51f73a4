import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchOptions, Measure } from '../measure.ts';
import { json, workload, type Sample, type Workload } from './inputs.ts';
import { modelConfigFile, startOwnServer } from './own-server.ts';
import { has, INSTALL, startBentoml, startMlflow, type PeerServer } from './peer-servers.ts';
import { alternate, type Figures, type Side } from './rounds.ts';
import { answerOf, writeSavedModel, writeWeights } from './small-network.ts';

const MODEL = 'small';
const CONNECTIONS = 8;
const ROUNDS = { rounds: 5, seconds: 5, warmUpSeconds: 1 };
const TOLERANCE = 1e-5;
const CHECKED = 64;
const FLOORS = [
  { peer: 'MLflow', rate: 10, p99: 8 },
  { peer: 'BentoML', rate: 4, p99: 3 },
] as const;

/** The same network, requests and load client before every server; requests are all distinct, our cache is off. */
export async function peers({ python, say }: BenchOptions): Promise<Measure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ringwatt-bench-'));
  const open: { close(): Promise<void> }[] = [];
  try {
    const work = workload();
    const [weights, models] = [join(folder, 'weights.f32'), join(folder, 'models.config')];
    await writeWeights(weights, work.network);
    await writeSavedModel(join(folder, MODEL), work.network);
    await writeFile(models, modelConfigFile(MODEL, join(folder, MODEL)));

    const flags = ['--model-config-file', models, '--processes', '2'];
    const plain = await startOwnServer(join(folder, 'home'), ...flags, '--cache-mb', '0');
    open.push(plain);
    const caching = await startOwnServer(join(folder, 'home-2'), ...flags);
    open.push(caching);
    const others = await startPeers(python, folder, weights, say, open);

    const ours = [own('ours', plain.rest), own('ours, cache on', caching.rest)];
    for (const server of [...ours, ...others]) await requireSame(server, work);
    const sides = [...ours, ...others].map((server) => sideOf(server, work.samples));
    const figures = await alternate(sides, ROUNDS, say);
    return [...against(figures), ...printed(figures)];
  } finally {
    for (const server of open) await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

type Served = Omit<PeerServer, 'close'>;

const own = (name: string, port: number): Served => ({
  ...{ name, port, path: `/v1/models/${MODEL}:predict` },
  bodyOf: (sample) => json({ instances: [sample] }),
  outputsOf: (answer) => (answer as { predictions: number[][] }).predictions[0]!,
});

async function startPeers(
  python: string,
  folder: string,
  weights: string,
  say: BenchOptions['say'],
  open: { close(): Promise<void> }[],
): Promise<PeerServer[]> {
  const servers: PeerServer[] = [];
  const add = async (starting: Promise<PeerServer>) => {
    const server = await starting;
    open.push(server);
    servers.push(server);
  };
  if (await has(python, 'mlflow')) {
    say('starting MLflow');
    await add(startMlflow(python, folder, weights, 'as installed'));
    if (await has(python, 'uvloop, httptools')) await add(startMlflow(python, folder, weights, 'uvloop'));
  }
  if (await has(python, 'bentoml')) {
    say('starting BentoML');
    await add(startBentoml(python, weights, false));
    await add(startBentoml(python, weights, true));
  }
  return servers;
}

const sideOf = ({ name, port, path, bodyOf }: Served, samples: readonly Sample[]): Side => ({
  name,
  plan: { port, path, connections: CONNECTIONS, wire: 'http', bodies: samples.map(bodyOf) },
});

/** Against a sum in double precision; all sides compute in single. */
async function requireSame({ name, port, path, bodyOf, outputsOf }: Served, work: Workload): Promise<void> {
  for (const sample of work.samples.slice(0, CHECKED)) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(bodyOf(sample)),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${name} answers ${answer.status}: ${text.slice(0, 300)}`);
    const outputs = outputsOf(JSON.parse(text));
    const expected = answerOf(work.network, sample.flat());
    const wrong = expected.some((value, at) => {
      const allowed = TOLERANCE * Math.max(1, Math.abs(value));
      return !(Math.abs(outputs[at]! - value) <= allowed);
    });
    if (wrong || outputs.length !== expected.length) {
      throw new Error(`${name} answers ${outputs.slice(0, 3)} and not ${expected.slice(0, 3)}`);
    }
  }
}

function against(figures: ReadonlyMap<string, Figures>): Measure[] {
  const ours = figures.get('ours')!;
  return FLOORS.flatMap(({ peer, rate, p99 }) => {
    const named = [...figures].filter(([name]) => name === peer || name === `${peer} with adaptive batching`);
    if (named.length === 0) return [rateMeasure(ours, peer, null, rate), tailMeasure(ours, peer, null, p99)];
    // The better of its two ways, for each figure by itself.
    const [fastest] = named.toSorted(([, a], [, b]) => b.rate - a.rate);
    const [steadiest] = named.toSorted(([, a], [, b]) => a.p99Ms - b.p99Ms);
    return [
      rateMeasure(ours, fastest![0], fastest![1], rate),
      tailMeasure(ours, steadiest![0], steadiest![1], p99),
    ];
  });
}

const WHAT = `168 × 8 inputs as JSON, ${CONNECTIONS} connections`;

function rateMeasure(ours: Figures, peer: string, theirs: Figures | null, floor: number): Measure {
  return verdict(`REST predict, ${WHAT}: throughput`, 'requests/s', floor, peer, {
    ...{ ours: ours.rate, spread: ours.rateSpread, theirs: theirs?.rate ?? null },
    ratio: theirs && ours.rate / theirs.rate,
  });
}

function tailMeasure(ours: Figures, peer: string, theirs: Figures | null, floor: number): Measure {
  return verdict(`REST predict, ${WHAT}: p99`, 'ms', floor, peer, {
    ...{ ours: ours.p99Ms, spread: ours.p99Spread, theirs: theirs?.p99Ms ?? null },
    ratio: theirs && theirs.p99Ms / ours.p99Ms,
  });
}

function verdict(
  measure: string,
  unit: string,
  floor: number,
  peer: string,
  figures: Pick<Measure, 'ours' | 'theirs' | 'ratio'> & { spread: [number, number] },
): Measure {
  const { ratio } = figures;
  const note = ratio === null ? `The peer is not installed: ${INSTALL}` : NOTE;
  return { measure, ...figures, peer, unit, floor, holds: ratio === null ? null : ratio >= floor, note };
}

const NOTE = `Medians of ${ROUNDS.rounds} alternate rounds of ${ROUNDS.seconds} s after one to warm up; requests are all distinct, our cache of answers is off; the load client is the same for all and shares the machine.`;

/** Figures that stand against no floor. */
function printed(figures: ReadonlyMap<string, Figures>): Measure[] {
  return [...figures].map(([name, { rate, rateSpread, p50Ms, p99Ms, clientMicros }]) => ({
    measure: `REST predict, ${WHAT}: ${name}`,
    ...{ ours: rate, spread: rateSpread, peer: null, theirs: null, unit: 'requests/s' },
    ...{ ratio: null, floor: 0, holds: true },
    note: `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms; of that the client computes ${Math.round(clientMicros)} µs a request`,
  }));
}
