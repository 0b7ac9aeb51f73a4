import { spawn, type ChildProcess } from 'node:child_process';
import { UnavailableError, messageOf } from '../errors.ts';
import type { Guard } from './guard-link.ts';
import { LogFile, lineSplitter } from './log-file.ts';
import { identify, signalGroup, type ProcessIdentity } from './process-identity.ts';

export interface ServiceSpec {
  /** Names its log and its line in `status`. */
  name: string;
  path: string;
  args: string[];
  environment: NodeJS.ProcessEnv;
  /** Resolves when it does its work; asked after every start. `lines` gives what the process prints on stdout. */
  untilReady(lines: AsyncIterable<string>, signal: AbortSignal): Promise<void>;
  /** Asked again and again once it is ready. */
  isHealthy?(): Promise<boolean>;
  /** How often; default: every 5 s. */
  healthEveryMs?: number;
}

export type ServiceState = 'starting' | 'ready' | 'unhealthy' | 'restarting' | 'stopped';

export interface ServiceStatus {
  name: string;
  state: ServiceState;
  process: ProcessIdentity | null;
  restarts: number;
}

/** A worker takes ten; on a machine with much else to do, ten times that. */
const READY_SECONDS = 180;
const STOP_SECONDS = 12;
const HEALTH_EVERY_MS = 5000;
/** A service that fails this many health checks in a row is ended, and so started again. */
const HEALTH_FAILURES = 4;
const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 30_000;
/** A service that lived this long starts its back-off anew: it was killed, it does not fail by itself. */
const STEADY_MS = 10_000;

const PORT_TAKEN = /\bport\b.*in use|address already in use|EADDRINUSE/i;

/** Between a free port's choice and its use somebody else took it. */
export class PortTakenError extends UnavailableError {}

/** One child process that is kept alive until it is stopped. */
export class Service {
  readonly spec: ServiceSpec;
  readonly log: LogFile;
  private readonly guard: Guard;
  private readonly onChange: () => void;
  private readonly stopping = new AbortController();
  private state: ServiceState = 'starting';
  private child: ChildProcess | undefined;
  private identity: ProcessIdentity | null = null;
  private restarts = 0;
  private backoffMs = FIRST_BACKOFF_MS;
  private running: Promise<void> = Promise.resolve();
  /** The line of its output that says best what went wrong. */
  private complaint = '';

  constructor(spec: ServiceSpec, parts: { log: LogFile; guard: Guard; onChange: () => void }) {
    this.spec = spec;
    this.log = parts.log;
    this.guard = parts.guard;
    this.onChange = parts.onChange;
  }

  get status(): ServiceStatus {
    return { name: this.spec.name, state: this.state, process: this.identity, restarts: this.restarts };
  }

  /** Starts it and waits until it does its work. A first start that fails is told to the caller, not tried again. */
  async start(): Promise<void> {
    const { exited, ready } = this.launch();
    this.running = exited;
    const first = await Promise.race([ready, exited.then(() => 'exited' as const)]);
    if (first === 'exited' || first instanceof Error) {
      this.stopping.abort();
      this.kill('SIGKILL');
      await exited;
      const why =
        first instanceof Error && !this.complaint
          ? messageOf(first)
          : this.complaint || 'it ended without a word';
      const Failure = PORT_TAKEN.test(why) ? PortTakenError : UnavailableError;
      const said = /[.!?]$/.test(why) ? why : `${why}.`;
      throw new Failure(`${this.spec.name} did not start: ${said}`, `Its log is ${this.log.path}.`);
    }
    this.running = this.keepAlive(exited);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.kill('SIGTERM', { group: false });
    const force = setTimeout(() => this.kill('SIGKILL'), STOP_SECONDS * 1000);
    await this.running;
    clearTimeout(force);
    this.move('stopped');
    this.log.close();
  }

  private launch(): { exited: Promise<void>; ready: Promise<'ready' | Error> } {
    const { path, args, environment, name } = this.spec;
    const child = privately(() =>
      spawn(path, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true }),
    );
    this.child = child;
    this.identity = child.pid === undefined ? null : (identify(child.pid) ?? null);
    if (this.identity) this.guard.watch(this.identity);
    this.log.event('info', `${name} starts`, { pid: child.pid });
    this.move('starting');

    const lines = new LineFeed();
    for (const [stream, level] of [
      [child.stdout, 'info'],
      [child.stderr, 'error'],
    ] as const) {
      const splitter = lineSplitter((line) => {
        this.log.line(line, level);
        if (level === 'info') lines.push(line);
        this.hear(line);
      });
      stream.setEncoding('utf8').on('data', splitter.push).on('end', splitter.flush);
    }

    const over = new AbortController();
    const exited = new Promise<void>((resolve) => {
      child.once('error', (error) => {
        this.complaint = error.message;
        if (child.pid === undefined) resolve();
      });
      child.once('close', (code, signal) => {
        this.log.event(this.stopping.signal.aborted ? 'info' : 'warn', `${name} ended`, { code, signal });
        if (this.identity) this.endGroup(this.identity);
        resolve();
      });
    }).finally(() => {
      over.abort();
      lines.end();
    });
    const until = AbortSignal.any([
      over.signal,
      this.stopping.signal,
      AbortSignal.timeout(READY_SECONDS * 1000),
    ]);
    const ready = this.spec
      .untilReady(lines, until)
      .then(() => {
        this.move('ready');
        return 'ready' as const;
      })
      .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
    return { exited, ready };
  }

  private async keepAlive(firstExit: Promise<void>): Promise<void> {
    let exited = firstExit;
    let since = Date.now();
    for (;;) {
      const health = this.watchHealth();
      await exited;
      clearInterval(health);
      if (this.stopping.signal.aborted) return;
      if (Date.now() - since > STEADY_MS) this.backoffMs = FIRST_BACKOFF_MS;
      this.move('restarting');
      await pause(this.backoffMs, this.stopping.signal);
      this.backoffMs = Math.min(this.backoffMs * 2, LONGEST_BACKOFF_MS);
      if (this.stopping.signal.aborted) return;
      this.restarts += 1;
      since = Date.now();
      const next = this.launch();
      exited = next.exited;
      void next.ready.then((outcome) => {
        if (outcome instanceof Error && !this.stopping.signal.aborted) {
          this.log.event('warn', `${this.spec.name} is not ready: ${messageOf(outcome)}`);
          this.kill('SIGKILL');
        }
      });
    }
  }

  private watchHealth(): NodeJS.Timeout {
    let failures = 0;
    let asking = false;
    return setInterval(() => {
      if (asking || (this.state !== 'ready' && this.state !== 'unhealthy') || !this.spec.isHealthy) return;
      asking = true;
      void this.spec
        .isHealthy()
        .catch(() => false)
        .then((healthy) => {
          failures = healthy ? 0 : failures + 1;
          if (this.state === 'ready' || this.state === 'unhealthy')
            this.move(healthy ? 'ready' : 'unhealthy');
          if (failures < HEALTH_FAILURES) return;
          this.log.event('warn', `${this.spec.name} does not answer: it is started again`);
          this.kill('SIGKILL');
        })
        .finally(() => (asking = false));
    }, this.spec.healthEveryMs ?? HEALTH_EVERY_MS);
  }

  /** What comes after a complaint about a port (a stack trace) only hides it. */
  private hear(line: string): void {
    if (PORT_TAKEN.test(this.complaint)) return;
    if (PORT_TAKEN.test(line) || /error|cannot|failed/i.test(line))
      this.complaint = line.slice(0, 400).trim();
  }

  private kill(signal: NodeJS.Signals, { group = true } = {}): void {
    if (group && this.identity) signalGroup(this.identity, signal);
    else this.child?.kill(signal);
  }

  /** A worker that died may have left a child computing: it belongs to its group. */
  private endGroup({ pid }: ProcessIdentity): void {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Nobody is left in the group.
    }
    this.guard.forget(pid);
    this.identity = null;
  }

  private move(state: ServiceState): void {
    if (this.state === state && state !== 'starting') return;
    this.state = state;
    this.onChange();
  }
}

/** What a service writes into the home, such as the server's database, is for this user alone. */
function privately<T>(launch: () => T): T {
  const before = process.umask(0o077);
  try {
    return launch();
  } finally {
    process.umask(before);
  }
}

/** Lines as they come, for whoever waits for one; the ones nobody waits for are let go. */
class LineFeed implements AsyncIterable<string> {
  private waiting: ((result: IteratorResult<string>) => void)[] = [];
  private early: string[] = [];
  private ended = false;

  push(line: string): void {
    const next = this.waiting.shift();
    if (next) next({ value: line, done: false });
    else if (this.early.length < 100) this.early.push(line);
  }

  end(): void {
    this.ended = true;
    for (const next of this.waiting.splice(0)) next({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return {
      next: () => {
        const line = this.early.shift();
        if (line !== undefined) return Promise.resolve({ value: line, done: false });
        if (this.ended) return Promise.resolve({ value: undefined, done: true });
        return new Promise((resolve) => this.waiting.push(resolve));
      },
    };
  }
}

export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(finish, milliseconds);
    function finish() {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    }
    signal.addEventListener('abort', finish, { once: true });
  });
}
