import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TestHost } from './topology.ts';

/** What happens to the stream from caller to slot when so many of its bytes have passed. */
export type Fault =
  | { kind: 'corrupt' | 'reset'; atByte: number }
  /** Nothing passes for a while: a pause is shorter than a link's patience, a stall longer. */
  | { kind: 'pause' | 'stall'; atByte: number; forMs: number };

export interface ToProxy {
  host: string;
  target: string;
  seed: number;
  fault?: Fault | undefined;
}

export type FromProxy = { kind: 'listening'; address: string } | { kind: 'struck'; fault: Fault['kind'] };

/** The network in front of a host's slot; it stands on that host, so that its address is the one certified. */
export class Proxy {
  readonly struck: Fault['kind'][] = [];
  readonly #host: TestHost;
  readonly #process: ChildProcess;

  constructor(host: TestHost) {
    this.#host = host;
    const [execPath, ...execArgv] = [...host.launcher, process.execPath] as [string];
    this.#process = fork(fileURLToPath(new URL('./proxy.ts', import.meta.url)), { execPath, execArgv });
    this.#process.on('message', (message: FromProxy) => {
      if (message.kind === 'struck') this.struck.push(message.fault);
    });
  }

  /** A new door before a slot; the one before is gone. */
  async inFrontOf(target: string, seed: number, fault?: Fault): Promise<string> {
    this.#process.send({ host: this.#host.address, target, seed, fault } satisfies ToProxy);
    for (;;) {
      const [message] = (await once(this.#process, 'message')) as [FromProxy];
      if (message.kind === 'listening') return message.address;
    }
  }

  close(): void {
    this.#process.kill('SIGKILL');
  }
}
