/** Bytes of DATA that the other side may still send, of one stream or of a connection (RFC 9113, section 5.2). */
export class ReceiveWindow {
  readonly #size: number;
  #left: number;
  #read = 0;

  constructor(size: number) {
    this.#size = size;
    this.#left = size;
  }

  /** @returns false where more came than may */
  receive(bytes: number): boolean {
    this.#left -= bytes;
    return this.#left >= 0;
  }

  /** Of what was received, so much was read. @returns by how much the window is to be opened again; 0: not yet */
  read(bytes: number): number {
    this.#read += bytes;
    // Not for each frame: an update is a frame too.
    if (this.#read * 2 < this.#size) return 0;
    const opened = this.#read;
    this.#left += opened;
    this.#read = 0;
    return opened;
  }
}
