import { randomBytes, randomUUID } from 'node:crypto';
import type { LinkTiming } from '../../ring/transport.ts';
import { silentLogger, type Logger } from '../../stages/context.ts';
import type { RingTls } from '../../tls/host-files.ts';
import type { LoadedModel } from '../engine/loaded-model.ts';
import { invalidArgument } from '../problem.ts';
import { DEFAULT_SIGNATURE } from '../signature.ts';
import type { TensorMap } from '../tensor.ts';
import { placesOf, stageLayout, type Arrangement } from './place.ts';
import type { ServedNetwork } from './served-network.ts';
import { boundsOf, outputsOf, questionsOf, type Answer, type Question } from './questions.ts';
import { shardAt, shardHere, type ShardHost } from './shard-host.ts';
import { ShardRing } from './shard-ring.ts';
import { signaturesOf } from './signature.ts';

/** Shards of other hosts, one each: `workers/serving-shard.ts` runs there. */
export interface ShardAddresses {
  addresses: readonly string[];
  /** That their doors know too. */
  token: string;
  /** What this host proves itself with; needed where an address is not loopback. */
  tls?: RingTls | undefined;
}

export interface ShardedOptions {
  network: ServedNetwork;
  arrangement: Arrangement;
  /** Absent: processes of this host, one a shard, which end with this one. */
  elsewhere?: ShardAddresses | undefined;
  /** Questions that may wait; more are refused. A request has one for each stage at a time, whatever its rows. */
  waitingAtMost?: number | undefined;
  log?: Logger | undefined;
  /** How soon a shard that hangs is noticed. */
  timing?: LinkTiming | undefined;
}

/** What answers as the network's graph does, and is held by no process whole. */
export interface ShardedServable extends Omit<LoadedModel, 'warmUp'> {
  /** Processes of ours that run, by place. */
  pids(): (number | undefined)[];
  /**
   * @throws ServingProblem INVALID_ARGUMENT, UNAVAILABLE when a shard is lost meanwhile, RESOURCE_EXHAUSTED when too
   * many wait; and the reason of `signal` once it is aborted
   */
  run(signature: string, inputs: TensorMap, signal?: AbortSignal): Promise<TensorMap>;
}

const WAITING_AT_MOST = 64;

/** Deals a network to its shards, and resolves when they can answer. */
export async function shardedServable(options: ShardedOptions): Promise<ShardedServable> {
  const { network, arrangement, elsewhere, timing } = options;
  const token = elsewhere?.token ?? randomBytes(32).toString('hex');
  const hosts = hostsOf(options, token);
  const ring = await ShardRing.start({
    run: `${network.model}/${network.version}/${randomUUID()}`,
    ...{ network, arrangement, hosts, token },
    weights: () => network.weights(),
    rendezvous: { ...(timing ? { timing } : {}), tls: elsewhere?.tls },
    waitingAtMost: options.waitingAtMost ?? WAITING_AT_MOST,
    log: options.log ?? silentLogger,
  });
  const signatures = signaturesOf(network);
  return {
    ...{ signatures, sha256: network.sha256, bytes: weightBytes(options), bounds: boundsOf(network) },
    pids: () => hosts.map((host) => host.pid()),
    run: async (name, inputs, signal) => {
      const signature = signatures.get(name);
      if (!signature) throw invalidArgument(`There is no signature but ${DEFAULT_SIGNATURE}.`);
      const questions = questionsOf(network, signature, inputs);
      // Of a batch of which one question fails nobody needs the others.
      const failed = new AbortController();
      const over = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
      const ask = (question: Question) => ring.ask(question, over);
      try {
        return outputsOf(signature, await inLanes(questions, arrangement.stages, ask));
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    },
    unload: () => ring.close(),
  };
}

function hostsOf({ arrangement, elsewhere, timing }: ShardedOptions, token: string): ShardHost[] {
  const places = placesOf(arrangement);
  if (elsewhere) return elsewhere.addresses.map((address) => shardAt(address));
  return places.map((_, i) => shardHere({ name: `shard ${i}`, token, siblings: places.length, timing }));
}

function weightBytes({ network: { config }, arrangement }: ShardedOptions): number {
  return placesOf(arrangement).reduce((sum, place) => sum + 4 * stageLayout(config, place).size, 0);
}

/** So many at a time: a large batch takes no more room in the queue than a small one. */
async function inLanes(
  questions: readonly Question[],
  lanes: number,
  ask: (question: Question) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const rest = questions.entries();
  const lane = async () => {
    for (const [i, question] of rest) answers[i] = await ask(question);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return answers;
}
