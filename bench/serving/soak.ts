import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomOf } from '../../src/model/random.ts';
import type { BenchOptions, Measure } from '../measure.ts';
import { GrpcClient, grpcMessage } from './grpc-client.ts';
import { modelConfigFile, startOwnServer, type OwnServer } from './own-server.ts';
import { layers, writeSavedModel } from './small-network.ts';
import { asDoors, reloadRequest, VERSIONS } from './soak-askers.ts';
import { SoakLoad, type Failure } from './soak-load.ts';
import { childrenOf, Growth, residentMb } from './soak-memory.ts';

export interface SoakPlan {
  seconds: number;
  killEverySeconds: number;
  reloadEverySeconds: number;
}

export interface SoakResult {
  answers: number;
  reloads: number;
  kills: number;
  /** Requests that a killed process had under way. */
  lostWithProcess: number;
  /** All others that failed: there may be none. */
  failures: Failure[];
  /** Of the process that is never killed, and of the one that minds the others: MB before and after. */
  worker: { before: number; after: number };
  supervisor: { before: number; after: number };
}

const MODEL = 'small';
/** What was under way when a process was killed has failed by then. */
const NOTICED_MS = 1000;
const RELOAD = '/tensorflow.serving.ModelService/HandleReloadConfigRequest';

/**
 * Mixed load on all doors while the list of models changes again and again and one process after another is killed.
 * Every answer must be that of one of the two versions, whole.
 */
export async function soak(plan: SoakPlan, say: (line: string) => void): Promise<SoakResult> {
  const folder = await mkdtemp(join(tmpdir(), 'ringwatt-soak-'));
  const networks = VERSIONS.map((version) => layers(randomOf('soak', version)));
  for (const [at, version] of VERSIONS.entries()) {
    await writeSavedModel(join(folder, MODEL), networks[at]!, version);
  }
  const models = join(folder, 'models.config');
  await writeFile(models, modelConfigFile(MODEL, join(folder, MODEL)));
  const server = await startOwnServer(
    join(folder, 'home'),
    ...['--model-config-file', models, '--processes', '2', '--cache-mb', '8'],
  );
  const load = new SoakLoad();
  try {
    load.start(asDoors(MODEL, networks, server));
    const told = await disturb(plan, server, join(folder, MODEL), load, say);
    await load.stop();
    const { kills, ...rest } = told;
    const lost = load.failures.filter((failure) => kills.some((at) => isLostWith(failure, at)));
    return {
      ...rest,
      answers: load.answers,
      kills: kills.length,
      lostWithProcess: lost.length,
      failures: load.failures.filter((failure) => !lost.includes(failure)),
    };
  } finally {
    await load.stop();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Sent before the process died, or while the system still took connections for it, and never answered. */
const isLostWith = ({ sent, failed, answered }: Failure, killedAt: number): boolean =>
  !answered && failed >= killedAt && failed <= killedAt + NOTICED_MS && sent <= killedAt + NOTICED_MS;

async function disturb(
  plan: SoakPlan,
  { process: supervisor, grpc }: OwnServer,
  path: string,
  load: SoakLoad,
  say: (line: string) => void,
) {
  const kills: number[] = [];
  const [ofWorker, ofSupervisor] = [new Growth(), new Growth()];
  let reloads = 0;
  // The elder is never killed: its memory is what must stay flat.
  const [elder] = workersOf(supervisor.pid);
  const started = performance.now();
  let [second, minutes] = [0, 0];
  while (second < plan.seconds) {
    await sleep(1000);
    second = (performance.now() - started) / 1000;
    ofWorker.add(residentMb(elder!));
    ofSupervisor.add(residentMb(supervisor.pid));
    if (second >= (reloads + 1) * plan.reloadEverySeconds) {
      const version = VERSIONS[reloads++ % VERSIONS.length]!;
      await reload(grpc, reloadRequest(MODEL, path, version));
    }
    const victim = workersOf(supervisor.pid).findLast((pid) => pid !== elder);
    // On a slow machine the one before may not be replaced yet.
    if (victim !== undefined && second >= (kills.length + 1) * plan.killEverySeconds) {
      kills.push(performance.now());
      process.kill(victim, 'SIGKILL');
    }
    if (second >= (minutes + 1) * 60) {
      say(`  minute ${(minutes += 1)}: ${load.answers} answers, ${load.failures.length} failed`);
    }
  }
  // So that what the last kill broke is noticed.
  await sleep(NOTICED_MS);
  return { kills, reloads, worker: ofWorker.quarters, supervisor: ofSupervisor.quarters };
}

/** Oldest first. */
const workersOf = (supervisor: number): number[] =>
  childrenOf(supervisor)
    .filter(({ command }) => command.includes('serving-worker'))
    .map(({ pid }) => pid)
    .toSorted((a, b) => a - b);

async function reload(port: number, request: Uint8Array): Promise<void> {
  const client = await GrpcClient.open(port, RELOAD);
  try {
    const { status } = await client.send(grpcMessage(request));
    if (status !== 200) throw new Error('A reload was refused.');
  } finally {
    client.close();
  }
}

/** Of a minute of a killed process each, as the floor asks. */
export function soakPart(minutes: number): (options: BenchOptions) => Promise<Measure[]> {
  return async ({ say }) => {
    const plan = { seconds: minutes * 60, killEverySeconds: minutes < 10 ? 20 : 60, reloadEverySeconds: 7 };
    const result = await soak(plan, say);
    const { answers, reloads, kills, lostWithProcess, failures, worker } = result;
    for (const { reason } of failures.slice(0, 5)) say(`  failed: ${reason}`);
    const what = `${minutes} minutes of mixed load, ${reloads} reloads, ${kills} killed processes`;
    const growth = worker.after / worker.before;
    return [
      {
        measure: `${what}: requests that failed, besides ${lostWithProcess} under way in a killed process`,
        ...{ ours: failures.length, peer: null, theirs: 0, unit: 'requests', ratio: null, floor: 0 },
        holds: failures.length === 0 && answers > 0,
        note: `${answers} requests were answered, each whole by one of two versions`,
      },
      {
        measure: `${what}: memory of a process that lived throughout, last quarter against the second`,
        ...{ ours: worker.after, peer: 'itself', theirs: worker.before, unit: 'MB' },
        ...{ ratio: 1 / growth, floor: FLAT, holds: 1 / growth >= FLAT },
        note: `the process that minds the others: ${result.supervisor.before.toFixed(0)} and ${result.supervisor.after.toFixed(0)} MB`,
      },
    ];
  };
}

/** A tenth more is what collecting garbage later makes of the same. */
const FLAT = 0.9;
