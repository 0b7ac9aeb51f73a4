import { ConnectionError, ERROR, FLAG, FRAME } from './frames.ts';
import { HpackDecoder } from './hpack/decoder.ts';
import { unpadded } from './padding.ts';
import { afterPriority } from './priority.ts';
import { HeadersOfRequest } from './request-headers.ts';

/** Of one request's fields with their names, 32 bytes each added (RFC 9113, section 10.5.1). */
export const MOST_HEADER_BYTES = 16_384;
/**
 * Frames that go on with a block; more are an attack (CVE-2024-27316). So many are read, however little of them is kept:
 * a block that is not would end the connection, and with it the calls of others that a proxy sends over the same one.
 */
const MOST_CONTINUATIONS = 8;

export interface HeaderBlock {
  stream: number;
  endStream: boolean;
  fields: HeadersOfRequest;
  /** All of them could be kept. */
  isWhole: boolean;
}

interface Open {
  stream: number;
  endStream: boolean;
  parts: Buffer[];
  /** Known before its fields are. */
  problem: string | undefined;
}

/** Puts HEADERS and the CONTINUATION after them together, and reads them in the order in which they came. */
export class HeaderBlocks {
  readonly #decoder = new HpackDecoder();
  #open: Open | undefined;

  /** Whether a block waits for its end: nothing else may come in between. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /**
   * @param areTrailers of a stream that has had its headers
   * @returns the block, once it is whole
   * @throws ConnectionError
   */
  headers(flags: number, stream: number, payload: Buffer, areTrailers: boolean): HeaderBlock | undefined {
    const payloadOnly = unpadded(flags, payload);
    const hasPriority = (flags & FLAG.priority) !== 0;
    const [block, problem] = hasPriority ? afterPriority(stream, payloadOnly) : [payloadOnly];
    const open = { stream, endStream: (flags & FLAG.endStream) !== 0, problem };
    if (flags & FLAG.endHeaders) return this.#decoded({ ...open, parts: [block] }, areTrailers);
    this.#open = { ...open, parts: [Buffer.from(block)] };
    return undefined;
  }

  /** @throws ConnectionError */
  continuation(
    flags: number,
    stream: number,
    payload: Buffer,
    areTrailers: boolean,
  ): HeaderBlock | undefined {
    const open = this.#open;
    if (!open || open.stream !== stream) {
      throw new ConnectionError(ERROR.protocol, 'a continuation of nothing');
    }
    open.parts.push(Buffer.from(payload));
    if (flags & FLAG.endHeaders) {
      this.#open = undefined;
      return this.#decoded(open, areTrailers);
    }
    if (open.parts.length > MOST_CONTINUATIONS) {
      throw new ConnectionError(ERROR.enhanceYourCalm, 'headers without end');
    }
    return undefined;
  }

  #decoded({ stream, endStream, parts, problem }: Open, areTrailers: boolean): HeaderBlock {
    const fields = new HeadersOfRequest(stream, areTrailers, problem);
    const block = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    try {
      const isWhole = this.#decoder.decode(block, MOST_HEADER_BYTES, fields.take);
      return { stream, endStream, fields, isWhole };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new ConnectionError(ERROR.compression, error.message);
    }
  }
}

/** A frame that may only come with a stream, or only without. */
export function requireStream(type: number, stream: number): void {
  const ofConnection = type === FRAME.settings || type === FRAME.ping || type === FRAME.goAway;
  if (type === FRAME.windowUpdate || type > FRAME.continuation || ofConnection === (stream === 0)) return;
  throw new ConnectionError(ERROR.protocol, `a frame of type ${type} on stream ${stream}`);
}
