import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { loadConfig } from '../../config/config.ts';
import { computingEnvironment } from '../../config/machine.ts';
import { UnavailableError } from '../../errors.ts';
import type { LinkTiming } from '../../ring/transport.ts';
import { SHARD_PROCESS_PATH, type FromShardProcess, type ToShardProcess } from './protocol.ts';

/** Where a shard runs. */
export interface ShardHost {
  /** For logs and messages. */
  name: string;
  /** The address of its door; a process of ours is started. */
  address(): Promise<string>;
  /** What cannot be trusted to go on is ended: a process of ours at once, one of others is left to itself. */
  drop(): Promise<void>;
  /** Of a process of ours that runs. */
  pid(): number | undefined;
}

/** Who is at an address of this or another host: `workers/serving-shard.ts`. */
export function shardAt(address: string): ShardHost {
  return {
    name: `the shard at ${address}`,
    address: async () => address,
    drop: async () => undefined,
    pid: () => undefined,
  };
}

export interface ChildOptions {
  name: string;
  token: string;
  /** Shards on this host, which share its cores. */
  siblings: number;
  timing?: LinkTiming | undefined;
}

/** A process of its own on this host, started when it is needed and anew when it has ended. */
export function shardHere({ name, token, siblings, timing }: ChildOptions): ShardHost {
  const threads = loadConfig().threads ?? Math.max(1, Math.floor(availableParallelism() / siblings));
  let child: ChildProcess | undefined;
  const drop = async () => {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    ending.once('exit', () => resolve());
    ending.kill('SIGKILL');
    await promise;
  };
  return {
    name,
    drop,
    pid: () => child?.pid,
    address: async () => {
      await drop();
      child = fork(SHARD_PROCESS_PATH, {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        execArgv: [],
        env: computingEnvironment({ RINGWATT_THREADS: String(threads) }),
      });
      return introduced(child, name, { token, timing });
    },
  };
}

/** It says that it listens, or ends. */
async function introduced(child: ChildProcess, name: string, told: ToShardProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.once('message', (message) => resolve((message as FromShardProcess).address));
  child.once('error', reject);
  child.once('exit', (code, signal) =>
    reject(
      new UnavailableError(
        `${name} ended before it could be reached (${signal ?? `exit code ${code}`}).`,
        'It is started again; if it keeps happening, look at what it wrote, and at the memory of this host.',
      ),
    ),
  );
  child.send(told, () => undefined);
  return promise;
}
