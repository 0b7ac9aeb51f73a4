import cluster, { type Worker } from 'node:cluster';
import { UnavailableError } from '../../errors.ts';
import type { Logger } from '../../stages/context.ts';
import type { ModelConfig } from '../model-config.ts';
import { ServingProblem } from '../problem.ts';
import type { Addresses, FromServing, ToServing } from './messages.ts';
import { fixedPorts } from './fixed-ports.ts';
import type { ServeOptions } from './options.ts';
import { errorOf, refusalOf } from '../refusal.ts';

export interface SupervisorParts {
  /** The script of a process that answers. */
  script: string;
  processes: number;
  options: ServeOptions;
  log: Logger;
  /** Told how far the start has come, in a line each. */
  starting(line: string): void;
}

/**
 * Room for what a request leaves behind: most of it is dead before it is looked at. With the default of 16 MB collecting
 * garbage took a fifth of the processor's time under load, with this a twentieth. And tensors lie outside of V8's heap:
 * by default every 64 MB of them, however large the heap, set off a collection of all of it, which took two thirds of
 * the processors' time where requests are of 430 KB; here they count as the heap does (V8's default to come).
 */
const MEMORY = [
  '--min-semi-space-size=32',
  '--max-semi-space-size=64',
  '--external-memory-accounted-in-global-limit',
];
/** A process that has lived so long did not fail at its start. */
const SETTLED_MS = 10_000;
const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
const DRAIN_MS = 10_000;
/** One that does not answer yet has nothing to finish. */
const UNREADY_MS = 1000;
const RELOAD_MS = 600_000;

/**
 * Processes that answer behind the same ports (Node's cluster: it hands connections round). One that dies is replaced,
 * with the models that were last asked for; the others go on. Whatever concerns all of them goes through here.
 */
export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #ready = new Set<Worker>();
  /** Those that start included. */
  readonly #alive = new Set<Worker>();
  readonly #calls = new Map<number, (message: Extract<FromServing, { kind: 'reloaded' }>) => void>();
  #options: ServeOptions;
  #last: Promise<unknown> = Promise.resolve();
  #call = 0;
  #failures = 0;
  /** Of processes that are to be started again. */
  readonly #pauses = new Set<NodeJS.Timeout>();
  #closing = false;
  /** Lines of the start that were told; absent after it. */
  #told: Set<string> | undefined = new Set();

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#options = parts.options;
    // Structured clones: lists of models hold maps.
    cluster.setupPrimary({
      ...{ exec: parts.script, args: [], serialization: 'advanced' },
      execArgv: [...process.execArgv, ...MEMORY],
    });
  }

  /** Resolves when every process answers; a first that cannot start refuses the whole. */
  async start(): Promise<Addresses> {
    const { ports, access } = this.#options;
    this.#options = { ...this.#options, ports: await fixedPorts(ports, access.host) };
    const addresses = await this.#fork();
    if (this.#closing) throw ending();
    const others = Array.from({ length: this.#parts.processes - 1 }, () => this.#fork());
    await Promise.all(others);
    this.#told = undefined;
    return addresses;
  }

  /**
   * In the first process, which may refuse it for all, then in the others. One that then fails is replaced by one that
   * starts with the new list.
   */
  reload(models: readonly ModelConfig[]): Promise<void> {
    const next = this.#last.then(() => this.#reload(models));
    this.#last = next.catch(() => undefined);
    return next;
  }

  async close(): Promise<void> {
    this.#closing = true;
    for (const pause of this.#pauses) clearTimeout(pause);
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    await Promise.all(workers.map((worker) => end(worker, this.#ready.has(worker) ? DRAIN_MS : UNREADY_MS)));
  }

  async #reload(models: readonly ModelConfig[]): Promise<void> {
    const [first] = this.#ready;
    if (!first) throw new ServingProblem('UNAVAILABLE', 'No process answers yet.', 1);
    const refused = (await this.#reloadIn(first, models)).refusal;
    if (refused) throw errorOf(refused);
    this.#options = { ...this.#options, models };
    // Also those that started meanwhile with the list before: each takes this one as soon as it answers.
    const others = [...this.#alive].filter((worker) => worker !== first);
    await Promise.all(
      others.map(async (worker) => {
        const { refusal } = await this.#reloadIn(worker, models);
        if (refusal) worker.process.kill('SIGKILL');
      }),
    );
  }

  async #reloadIn(worker: Worker, models: readonly ModelConfig[]) {
    const call = ++this.#call;
    const { promise, resolve } = Promise.withResolvers<Extract<FromServing, { kind: 'reloaded' }>>();
    const lost = (why: string) => () =>
      resolve({ kind: 'reloaded', call, refusal: refusalOf(new ServingProblem('UNAVAILABLE', why, 1)) });
    const gone = lost('The process that was to load the models has ended.');
    // It may take them yet, and would then answer by another list than the rest.
    const timer = setTimeout(() => {
      lost('The models were not loaded in time.')();
      worker.process.kill('SIGKILL');
    }, RELOAD_MS);
    worker.once('exit', gone);
    this.#calls.set(call, resolve);
    say(worker, { kind: 'reload', call, models });
    return promise.finally(() => {
      clearTimeout(timer);
      worker.off('exit', gone);
      this.#calls.delete(call);
    });
  }

  #fork(): Promise<Addresses> {
    const { log } = this.#parts;
    const worker = cluster.fork();
    this.#alive.add(worker);
    const started = performance.now();
    const { promise, resolve, reject } = Promise.withResolvers<Addresses>();
    let addresses: Addresses | undefined;
    worker.on('message', (message: FromServing) => {
      if (message.kind === 'ready') {
        this.#ready.add(worker);
        log.info({ pid: worker.process.pid }, 'a process answers');
        this.#tellStart(`${this.#ready.size} of ${this.#parts.processes} processes answer`);
        resolve((addresses = message.addresses));
      } else if (message.kind === 'loading') {
        this.#tellStart(`loading ${message.model} version ${message.version}`);
      } else if (message.kind === 'failed') reject(errorOf(message.refusal));
      else void this.#hear(worker, message);
    });
    worker.once('exit', (code, signal) => {
      this.#ready.delete(worker);
      this.#alive.delete(worker);
      reject(
        new UnavailableError(
          `A process ended at its start (${signal ?? `exit code ${code}`}).`,
          'See its log.',
        ),
      );
      if (this.#closing || !addresses) return;
      log.warn(
        { pid: worker.process.pid, code, signal },
        'a process that answers has ended; another takes its place',
      );
      this.#replace(performance.now() - started);
    });
    say(worker, { kind: 'serve', options: this.#options });
    return promise;
  }

  /** Each process loads the same: a line is told once. */
  #tellStart(line: string): void {
    if (this.#told === undefined || this.#told.has(line)) return;
    this.#told.add(line);
    this.#parts.starting(line);
  }

  #replace(livedMs: number): void {
    this.#failures = livedMs > SETTLED_MS ? 0 : this.#failures + 1;
    const pause = this.#failures === 0 ? 0 : SHORTEST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 10);
    if (this.#closing) return;
    const timer = setTimeout(
      () => {
        this.#pauses.delete(timer);
        const begun = performance.now();
        this.#fork().catch((error: unknown) => {
          this.#parts.log.error({ error: String(error) }, 'a process does not start; it is tried again');
          this.#replace(performance.now() - begun);
        });
      },
      Math.min(pause, LONGEST_PAUSE_MS),
    );
    this.#pauses.add(timer);
  }

  async #hear(worker: Worker, message: FromServing): Promise<void> {
    if (message.kind === 'reloaded') this.#calls.get(message.call)?.(message);
    if (message.kind === 'askReload') {
      const { call, models } = message;
      await this.reload(models).then(
        () => say(worker, { kind: 'reloaded', call }),
        (error: unknown) => say(worker, { kind: 'reloaded', call, refusal: refusalOf(error) }),
      );
    }
  }
}

/** Lets it finish what it has, for a while. */
async function end(worker: Worker, forMs: number): Promise<void> {
  if (worker.isDead()) return;
  const gone = new Promise((resolve) => worker.once('exit', resolve));
  const timer = setTimeout(() => worker.process.kill('SIGKILL'), forMs);
  say(worker, { kind: 'drain' });
  await gone;
  clearTimeout(timer);
}

const ending = () => new UnavailableError('It was told to end while it started.', 'Start it again.');

function say(worker: Worker, message: ToServing): void {
  // One that is just ending does not hear it, and needs not.
  if (worker.isConnected()) worker.send(message, () => undefined);
}
