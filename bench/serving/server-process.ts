import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Guard } from '../../src/stack/guard-link.ts';
import { identify } from '../../src/stack/process-identity.ts';

/** A peer imports for a long time, on a machine with other work for minutes. */
const START_MS = 600_000;

/** A server under test in a process group of its own: what it forks ends with it, and it with this process. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #guard = new Guard();
  #said = '';
  #stdout = '';

  constructor(command: string, args: readonly string[], environment: NodeJS.ProcessEnv, cwd?: string) {
    this.#child = spawn(command, args, {
      ...{ env: environment, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
    });
    const identity = this.#child.pid === undefined ? undefined : identify(this.#child.pid);
    if (identity) this.#guard.watch(identity);
    const keep = (text: string) => (this.#said = (this.#said + text).slice(-4000));
    this.#child.on('error', ({ message }) => keep(message));
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      keep(text);
      this.#stdout = (this.#stdout + text).slice(-4000);
    });
    this.#child.stderr!.setEncoding('utf8').on('data', keep);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get #hasEnded(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** What it printed, once it has printed this. */
  async printed(pattern: RegExp): Promise<string> {
    await this.#until(() => pattern.test(this.#stdout));
    return this.#stdout;
  }

  /** Until a request is answered well. */
  async answers(url: string, request: RequestInit): Promise<Response> {
    let answer: Response | undefined;
    await this.#until(async () => {
      answer = await fetch(url, request).catch(() => undefined);
      return answer?.ok === true;
    });
    return answer!;
  }

  async close(): Promise<void> {
    if (!this.#hasEnded) {
      const gone = once(this.#child, 'exit');
      this.#signal('SIGTERM');
      const forced = setTimeout(() => this.#signal('SIGKILL'), 15_000);
      await gone;
      clearTimeout(forced);
    }
    await this.#guard.rest();
  }

  async #until(holds: () => boolean | Promise<boolean>): Promise<void> {
    const latest = Date.now() + START_MS;
    while (!(await holds())) {
      if (this.#hasEnded) throw new Error(`It ended: ${this.#said.trim().slice(-1000)}`);
      if (Date.now() > latest) throw new Error(`It does not start: ${this.#said.trim().slice(-1000)}`);
      await sleep(200);
    }
  }

  #signal(name: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
