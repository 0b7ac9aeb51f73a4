import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client, Connection } from '@temporalio/client';
import { loadConfig, type Config } from '../src/config/config.ts';
import { Home } from '../src/lake/home.ts';
import {
  startArchiveServer,
  type ArchiveServer,
  type ArchiveServerOptions,
} from '../src/sources/archive/server.ts';
import { Guard } from '../src/stack/guard-link.ts';
import { markOf } from '../src/stack/leftovers.ts';
import { LogFile } from '../src/stack/log-file.ts';
import { planServices } from '../src/stack/plan.ts';
import { Service, type ServiceSpec } from '../src/stack/service.ts';
import { Stack } from '../src/stack/stack.ts';
import { connect } from '../src/temporal/connection.ts';

const WORKER = 'pipeline-worker';
/** The simulation asks itself what is absent, at moments of its own. */
const WATCHDOG = 'watchdog';
const SLOTS = 2;

/** A home with an archive whose clock is ours, the services in real processes, and a worker that can be taken away. */
export class Place implements AsyncDisposable {
  readonly home: Home;
  readonly archive: ArchiveServer;
  readonly client: Client;
  readonly config: Config;
  readonly #connection: Connection;
  readonly #stack: Stack;
  readonly #worker: ServiceSpec;
  readonly #guard = new Guard();
  readonly #temporary: boolean;
  #running: Service | undefined;

  private constructor(
    parts: { home: Home; archive: ArchiveServer; stack: Stack; worker: ServiceSpec; temporary: boolean },
    { client, connection }: Awaited<ReturnType<typeof connect>>,
  ) {
    this.home = parts.home;
    this.archive = parts.archive;
    this.client = client;
    this.config = parts.stack.config;
    this.#connection = connection;
    this.#stack = parts.stack;
    this.#worker = parts.worker;
    this.#temporary = parts.temporary;
  }

  static async open(
    root: string | undefined,
    served: ArchiveServerOptions,
    signal: AbortSignal,
  ): Promise<Place> {
    const folder = root ?? (await mkdtemp(join(tmpdir(), 'ringwatt-year-')));
    if (root !== undefined) await mkdir(root, { recursive: true });
    const home = await Home.open(folder);
    const archive = await startArchiveServer(served);
    const config = loadConfig(
      { home: home.root, slots: SLOTS, eiaBaseUrl: archive.url, caisoBaseUrl: archive.url },
      { environment: {} },
    );
    let worker: ServiceSpec | undefined;
    const plan = async () => {
      const whole = await planServices(home, config);
      worker = whole.tiers.flat().find(({ name }) => name === WORKER);
      const tiers = whole.tiers.map((tier) =>
        tier.filter(({ name }) => name !== WORKER && name !== WATCHDOG),
      );
      return { ...whole, tiers };
    };
    try {
      const stack = await Stack.start(home, plan, { purpose: 'simulate' }, signal);
      try {
        const parts = { home, archive, stack, worker: worker!, temporary: root === undefined };
        const place = new Place(parts, await connect(stack.config));
        await place.startWorker();
        return place;
      } catch (error) {
        await stack.stop();
        throw error;
      }
    } catch (error) {
      await archive.close();
      throw error;
    }
  }

  async startWorker(): Promise<void> {
    const spec = { ...this.#worker, environment: { ...this.#worker.environment, ...markOf(this.home) } };
    const log = new LogFile(this.home.path('logs', `${WORKER}.log`));
    this.#running = new Service(spec, { log, guard: this.#guard, onChange: () => {} });
    await this.#running.start();
  }

  async stopWorker(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stopWorker();
      await this.#guard.rest();
      await this.#stack.stop();
      await this.#connection.close();
      await this.archive.close();
    } finally {
      if (this.#temporary) await rm(this.home.root, { recursive: true, force: true });
    }
  }
}
