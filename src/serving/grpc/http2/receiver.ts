import { ConnectionError, DEFAULT_WINDOW, ERROR, windowUpdate } from './frames.ts';
import type { Outbox } from './outbox.ts';
import { ReceiveWindow } from './receive-window.ts';
import type { ServerStream } from './stream.ts';

/** Bytes that may be under way to one stream, and to one connection, before they are read. */
export const STREAM_WINDOW = 2 ** 20;
const CONNECTION_WINDOW = 2 ** 22;

/** Opens the windows of one connection and of its streams again as what came is read. */
export class Receiver {
  readonly #outbox: Outbox;
  readonly #window = new ReceiveWindow(CONNECTION_WINDOW);

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** Wider than it is by itself. */
  open(): void {
    this.#outbox.send(windowUpdate(0, CONNECTION_WINDOW - DEFAULT_WINDOW));
  }

  /** @throws ConnectionError */
  receive(bytes: number): void {
    if (!this.#window.receive(bytes)) {
      throw new ConnectionError(ERROR.flowControl, 'more than the window of the connection');
    }
  }

  /** What nobody will read is read as well: the connection is there for other streams too. */
  letBy(bytes: number): void {
    const opened = this.#window.read(bytes);
    if (opened > 0) this.#outbox.send(windowUpdate(0, opened));
  }

  wasRead(stream: ServerStream, bytes: number): void {
    this.letBy(bytes);
    if (stream.ended || stream.closed) return;
    const opened = stream.receiving.read(bytes);
    if (opened > 0) this.#outbox.send(windowUpdate(stream.id, opened));
  }
}
