import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, type Client, type Connection, type WorkflowHandle } from '@temporalio/client';
import { loadConfig } from '../../src/config/config.ts';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import type { RingTrainingInput, RingTrainingResult } from '../../src/contracts/training.ts';
import { Home } from '../../src/lake/home.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import { planServices } from '../../src/stack/plan.ts';
import { identify, type ProcessIdentity } from '../../src/stack/process-identity.ts';
import { Stack } from '../../src/stack/stack.ts';
import { connect } from '../../src/temporal/connection.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../../src/temporal/names.ts';
import { readJournal, type JournalEntry } from '../../src/training/recovery/journal.ts';

const ASK_AGAIN_MS = 500;
/** Some dozen checkpoints of a small model; small enough to be filled in a moment. */
const DISK = 'size=64m,mode=700';

/** A home of its own with all services on it, in real processes; closing it leaves nothing behind. */
export class World implements AsyncDisposable {
  readonly home: Home;
  readonly stack: Stack;
  readonly client: Client;
  /** Checkpoints lie on a file system of their own, which can be filled. */
  readonly hasOwnDisk: boolean;
  readonly #connection: Connection;
  readonly #logs: string | undefined;
  readonly #over = new AbortController();

  private constructor(
    {
      home,
      stack,
      hasOwnDisk,
      logs,
    }: Pick<World, 'home' | 'stack' | 'hasOwnDisk'> & { logs: string | undefined },
    { client, connection }: Awaited<ReturnType<typeof connect>>,
  ) {
    this.home = home;
    this.stack = stack;
    this.hasOwnDisk = hasOwnDisk;
    this.client = client;
    this.#connection = connection;
    this.#logs = logs;
  }

  static async open(
    { slots, logs }: { slots: number; logs?: string | undefined },
    signal: AbortSignal,
  ): Promise<World> {
    const root = await mkdtemp(join(tmpdir(), 'ringwatt-chaos-'));
    let hasOwnDisk = false;
    try {
      hasOwnDisk = await mountCheckpoints(root);
      const home = await Home.open(root);
      const config = loadConfig({ home: root, slots }, { environment: {} });
      const stack = await Stack.start(home, () => planServices(home, config), { purpose: 'chaos' }, signal);
      try {
        return new World({ home, stack, hasOwnDisk, logs }, await connect(stack.config));
      } catch (error) {
        await stack.stop();
        throw error;
      }
    } catch (error) {
      await removeHome(root, hasOwnDisk);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A call that is still tried again would meet a closed connection, and end this process.
    this.#over.abort();
    try {
      await this.stack.stop();
      await this.#connection.close();
      if (this.#logs !== undefined) await cp(this.home.path('logs'), this.#logs, { recursive: true });
    } finally {
      await removeHome(this.home.root, this.hasOwnDisk);
    }
  }

  startTraining(name: string, input: RingTrainingInput): Promise<WorkflowHandle> {
    return this.client.workflow.start(WORKFLOWS.ringTraining, {
      workflowId: workflowIds.ringTraining(name),
      taskQueue: PIPELINE_QUEUE,
      args: [input],
    });
  }

  /** Takes away all that a training has left, on the disk and in its slots, so that the next one reuses nothing. */
  async forgetTraining(signal: AbortSignal): Promise<void> {
    for (const folder of ['training', join('manifests', 'training')]) {
      await rm(this.home.path(folder), { recursive: true, force: true });
    }
    const before = new Map(this.slotNames.map((name) => [name, this.service(name)]));
    for (const worker of before.values()) if (worker) process.kill(worker.pid, 'SIGKILL');
    const isNew = (name: string) => this.isReady(name) && this.service(name)?.pid !== before.get(name)?.pid;
    while (!this.slotNames.every(isNew)) await sleep(ASK_AGAIN_MS / 5, undefined, { signal });
  }

  /** A server that is killed on the way takes no answer with it: who waits asks again. */
  async resultOf(run: WorkflowHandle, signal: AbortSignal): Promise<RingTrainingResult> {
    const ended = AbortSignal.any([signal, this.#over.signal]);
    for (;;) {
      ended.throwIfAborted();
      try {
        const result: unknown = await this.client.withAbortSignal(ended, () => run.result());
        return result as RingTrainingResult;
      } catch (error) {
        if (error instanceof WorkflowFailedError) throw error;
        ended.throwIfAborted();
        await sleep(ASK_AGAIN_MS, undefined, { signal: ended });
      }
    }
  }

  /** The one training's folder below `checkpoints/`; undefined before it has begun. */
  async runId(): Promise<string | undefined> {
    const names = await readdir(this.home.path('checkpoints')).catch(() => []);
    return names.find((name) => /^[0-9a-f]+$/.test(name));
  }

  async journal(): Promise<JournalEntry[]> {
    const runId = await this.runId();
    return runId === undefined ? [] : readJournal(this.home, runId);
  }

  /** The process of a service as it is now; undefined while it is being started again. */
  service(name: string): ProcessIdentity | undefined {
    return this.stack.description.services.find((each) => each.name === name)?.process ?? undefined;
  }

  isReady(name: string): boolean {
    return this.stack.description.services.some((each) => each.name === name && each.state === 'ready');
  }

  get serviceNames(): string[] {
    return this.stack.description.services.map(({ name }) => name);
  }

  get slotNames(): string[] {
    return this.serviceNames.filter((name) => name.startsWith('slot-'));
  }

  get areServicesReady(): boolean {
    return this.stack.description.services.every(({ state }) => state === 'ready');
  }
}

export async function weightsHash(home: Home, model: ArtifactReference): Promise<string> {
  const { files } = await readManifest(home, model, 'training');
  return files.find(({ role }) => role === 'weights')!.sha256;
}

/** Processes that a process has started: the one that computes for a slot is its worker's only one. */
export function childrenOf({ pid }: ProcessIdentity): ProcessIdentity[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .flatMap(([child]) => identify(child!) ?? []);
}

async function mountCheckpoints(root: string): Promise<boolean> {
  const folder = join(root, 'checkpoints');
  await mkdir(folder, { mode: 0o700 });
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  return spawnSync('mount', ['-t', 'tmpfs', '-o', DISK, 'ringwatt-chaos', folder]).status === 0;
}

async function removeHome(root: string, hasOwnDisk: boolean): Promise<void> {
  if (hasOwnDisk) spawnSync('umount', ['-l', join(root, 'checkpoints')]);
  await rm(root, { recursive: true, force: true, maxRetries: 3 });
}
