import { connect, type Socket } from 'node:net';

/**
 * One kept-alive connection that sends one request at a time. Requests are made before and answers are read no further
 * than their length, so that the client takes little of the processors that it shares with the server.
 */
export class HttpClient {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;
  #broken: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', (error) => this.#break(error));
    socket.on('close', () => this.#break(new Error('the server closed the connection')));
  }

  static async open(port: number): Promise<HttpClient> {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new HttpClient(socket);
  }

  get broken(): boolean {
    return this.#broken !== undefined;
  }

  send(request: Uint8Array): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#broken) {
        reject(this.#broken);
        return;
      }
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    const answer = wholeAnswer(this.#received);
    if (!answer) return;
    if (answer === 'no length') {
      this.#break(
        new Error(`an answer does not tell its length: ${this.#received.toString('latin1', 0, 200)}`),
      );
      return;
    }
    this.#received = this.#received.subarray(answer.length);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }

  #break(error: Error): void {
    this.#broken ??= error;
    this.#waiting?.reject(this.#broken);
    this.#waiting = undefined;
    this.#socket.destroy();
  }
}

export interface Answer {
  status: number;
  body: Buffer;
  /** Of head and body together. */
  length: number;
}

/** None of the sides answers in chunks. */
function wholeAnswer(received: Buffer): Answer | 'no length' | undefined {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = received.toString('latin1', 0, headEnd);
  const given = /\r\ncontent-length: *(\d+)/i.exec(head);
  if (!given) return 'no length';
  const length = headEnd + 4 + Number(given[1]);
  if (received.length < length) return undefined;
  return { status: Number(head.slice(9, 12)), body: received.subarray(headEnd + 4, length), length };
}

export function httpRequest(path: string, body: Uint8Array): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}
