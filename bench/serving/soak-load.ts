import { setTimeout as sleep } from 'node:timers/promises';
import { GrpcClient, grpcMessage } from './grpc-client.ts';
import { HttpClient, httpRequest, type Answer } from './http-client.ts';

export interface Failure {
  /** When the request was sent and when it failed, in ms of `performance.now()`. */
  sent: number;
  failed: number;
  connection: number;
  /** An answer that says no, or a wrong one; else the connection broke. */
  answered: boolean;
  reason: string;
}

/** What one connection asks again and again. */
export interface Asker {
  wire: 'http' | 'grpc';
  port: number;
  path: string;
  bodies: Uint8Array[];
  /** Why an answer to the request of this number is wrong; undefined: it is not. */
  complaint(answer: Answer, request: number): string | undefined;
}

/** So many requests a second would measure the machine; this leaves it room for what else happens meanwhile. */
const PAUSE_MS = 5;

/** Connections that ask until they are told to stop; one that breaks is opened again, as any client would. */
export class SoakLoad {
  readonly failures: Failure[] = [];
  answers = 0;
  readonly #loops: Promise<void>[] = [];
  #stopped = false;

  start(askers: readonly Asker[]): void {
    for (const asker of askers) this.#loops.push(this.#loop(asker, this.#loops.length));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #loop(asker: Asker, connection: number): Promise<void> {
    const { bodies, wire, path, port, complaint } = asker;
    const requests = bodies.map((body) => (wire === 'http' ? httpRequest(path, body) : grpcMessage(body)));
    let client: HttpClient | GrpcClient | undefined;
    for (let at = 0; !this.#stopped; at = (at + 1) % requests.length) {
      const sent = performance.now();
      const note = (answered: boolean, reason: string) =>
        void this.failures.push({ sent, failed: performance.now(), connection, answered, reason });
      try {
        client ??= await (wire === 'http' ? HttpClient.open(port) : GrpcClient.open(port, path));
        const answer = await client.send(requests[at]!);
        const wrong = complaint(answer, at);
        if (wrong === undefined) this.answers += 1;
        else note(true, wrong);
      } catch (error) {
        note(false, String(error));
      }
      if (client?.broken) client = undefined;
      await sleep(PAUSE_MS);
    }
    client?.close();
  }
}
