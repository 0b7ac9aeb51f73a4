import { crc32 } from 'node:zlib';
import { RingBrokenError } from '../errors.ts';

/**
 * The unit on a link. Header, 20 bytes, little-endian: magic (u16), format version (u8), type (u8), epoch (u32),
 * tag (u32), payload length (u32), CRC-32 (u32) of the 16 bytes before it and the payload.
 */
export const FRAME_HEADER_BYTES = 20;
const MAGIC = 0x5752;
const FORMAT_VERSION = 1;

/** A year at width 1,024 in one block is 72 MB; what claims to be larger than this is not a frame. */
export const MAX_PAYLOAD_BYTES = 1 << 30;
/** Before a caller has proved who it is, nothing it claims makes this side allocate more. */
export const MAX_STRANGER_BYTES = 4096;

export const FRAME_TYPES = {
  hello: 1,
  challenge: 2,
  proof: 3,
  welcome: 4,
  refused: 5,
  alive: 6,
  goodbye: 7,
  keyValues: 8,
  gradient: 9,
  reduce: 10,
  gather: 11,
  broadcast: 12,
} as const;
export type FrameType = keyof typeof FRAME_TYPES;

const NAMES = new Map<number, FrameType>(
  Object.entries(FRAME_TYPES).map(([name, code]) => [code, name as FrameType]),
);

export interface Frame {
  type: FrameType;
  epoch: number;
  /** What the sender counts or says in one number: the hop of a collective, the rank of a hello. */
  tag: number;
  /** Starts at an offset that fits any element size. */
  payload: Uint8Array;
}

export function encodeHeader(frame: Omit<Frame, 'payload'>, payload: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt16LE(MAGIC, 0);
  header.writeUInt8(FORMAT_VERSION, 2);
  header.writeUInt8(FRAME_TYPES[frame.type], 3);
  header.writeUInt32LE(frame.epoch, 4);
  header.writeUInt32LE(frame.tag, 8);
  header.writeUInt32LE(
    payload.reduce((total, part) => total + part.byteLength, 0),
    12,
  );
  header.writeUInt32LE(
    payload.reduce((crc, part) => crc32(part, crc), crc32(header.subarray(0, 16))),
    16,
  );
  return header;
}

/** Puts frames together from whatever pieces the stream comes in. Throws at the first byte that cannot be right. */
export class FrameDecoder {
  maxPayload: number;
  readonly #header = Buffer.alloc(FRAME_HEADER_BYTES);
  #headerFilled = 0;
  #payload: Uint8Array | undefined;
  #payloadFilled = 0;

  constructor(maxPayload = MAX_STRANGER_BYTES) {
    this.maxPayload = maxPayload;
  }

  *push(chunk: Uint8Array): Generator<Frame> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#payload === undefined) {
        at += this.#fillHeader(chunk.subarray(at));
        if (this.#headerFilled < FRAME_HEADER_BYTES) return;
        this.#payload = new Uint8Array(this.#checkedLength());
      }
      const piece = chunk.subarray(at, at + this.#payload.length - this.#payloadFilled);
      this.#payload.set(piece, this.#payloadFilled);
      this.#payloadFilled += piece.length;
      at += piece.length;
      if (this.#payloadFilled === this.#payload.length) yield this.#finish(this.#payload);
    }
  }

  #fillHeader(rest: Uint8Array): number {
    const piece = rest.subarray(0, FRAME_HEADER_BYTES - this.#headerFilled);
    this.#header.set(piece, this.#headerFilled);
    this.#headerFilled += piece.length;
    return piece.length;
  }

  #checkedLength(): number {
    if (this.#header.readUInt16LE(0) !== MAGIC) throw malformed('it does not begin as a frame does');
    const version = this.#header.readUInt8(2);
    if (version !== FORMAT_VERSION)
      throw malformed(`its format version is ${version}, not ${FORMAT_VERSION}`);
    if (!NAMES.has(this.#header.readUInt8(3)))
      throw malformed(`its type ${this.#header.readUInt8(3)} is unknown`);
    const length = this.#header.readUInt32LE(12);
    if (length > this.maxPayload) throw malformed(`it claims ${length} bytes of payload`);
    return length;
  }

  #finish(payload: Uint8Array): Frame {
    if (crc32(payload, crc32(this.#header.subarray(0, 16))) !== this.#header.readUInt32LE(16)) {
      throw malformed('its checksum is wrong');
    }
    this.#headerFilled = 0;
    this.#payload = undefined;
    this.#payloadFilled = 0;
    return {
      type: NAMES.get(this.#header.readUInt8(3))!,
      epoch: this.#header.readUInt32LE(4),
      tag: this.#header.readUInt32LE(8),
      payload,
    };
  }
}

const malformed = (what: string) =>
  new RingBrokenError(
    `A frame on a link of the ring is malformed: ${what}.`,
    'The ring forms again from the last checkpoint.',
  );
