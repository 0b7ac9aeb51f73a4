import { RingBrokenError } from '../errors.ts';
import { crc32 } from './checksum.ts';

/**
 * The unit on a link. Header, 28 bytes, little-endian: magic (u16), format version (u8), type (u8), epoch (u32),
 * sequence (u32: the how-manieth frame of this direction), tag (u32), payload length (u32), CRC-32 of the payload
 * (u32), CRC-32 of the 24 bytes before it (u32). The header has a checksum of its own, so that a length is believed
 * before its payload has come: a wrong one would swallow whatever follows, heartbeats included, and wait for more.
 */
export const FRAME_HEADER_BYTES = 28;
const MAGIC = 0x5752;
const FORMAT_VERSION = 2;

/** Seven years at width 1,024 in one block are 500 MB; what claims to be larger than this is not a frame. */
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
  /** Between those who do not run the same program: what it is stands in its payload. */
  message: 13,
} as const;
export type FrameType = keyof typeof FRAME_TYPES;

const NAMES = new Map<number, FrameType>(
  Object.entries(FRAME_TYPES).map(([name, code]) => [code, name as FrameType]),
);

export interface FrameHead {
  type: FrameType;
  epoch: number;
  sequence: number;
  /** What the sender counts or says in one number: the hop of a collective, the rank of a hello. */
  tag: number;
}

export interface Frame extends FrameHead {
  /** Starts at offset 0 of its buffer, which fits any element size. */
  payload: Uint8Array<ArrayBuffer>;
}

export function encodeHeader(head: FrameHead, payload: readonly Uint8Array[]): Buffer {
  const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  header.writeUInt16LE(MAGIC, 0);
  header.writeUInt8(FORMAT_VERSION, 2);
  header.writeUInt8(FRAME_TYPES[head.type], 3);
  header.writeUInt32LE(head.epoch, 4);
  header.writeUInt32LE(head.sequence, 8);
  header.writeUInt32LE(head.tag, 12);
  const length = payload.reduce((total, part) => total + part.byteLength, 0);
  header.writeUInt32LE(length, 16);
  header.writeUInt32LE(
    payload.reduce((crc, part) => crc32(part, crc), 0),
    20,
  );
  header.writeUInt32LE(crc32(header.subarray(0, 24)), 24);
  return header;
}

/** What a link takes, and where its payloads go. */
export interface FrameLimits {
  maxPayload: number;
  /** The ring's epoch; a frame of any other is refused by its header alone. */
  epoch: number;
  allocate?(bytes: number): ArrayBuffer;
}

/**
 * Puts frames together from whatever pieces the stream comes in: every byte is copied once, into the payload it
 * belongs to, and summed while it is in the cache. Throws at the first byte that cannot be right.
 */
export class FrameDecoder {
  maxPayload: number;
  allocate: (bytes: number) => ArrayBuffer;
  readonly #epoch: number;
  readonly #header = Buffer.alloc(FRAME_HEADER_BYTES);
  #headerFilled = 0;
  #sequence = 0;
  #payload: Uint8Array<ArrayBuffer> | undefined;
  #payloadFilled = 0;
  #crc = 0;

  constructor({ maxPayload, epoch, allocate }: FrameLimits) {
    this.maxPayload = maxPayload;
    this.#epoch = epoch;
    this.allocate = allocate ?? ((bytes) => new ArrayBuffer(bytes));
  }

  /** True while a payload is still to come: the stream owes more. */
  get owed(): boolean {
    return this.#payload !== undefined;
  }

  /** Reads until a frame is whole or the chunk is used up, and says how much of the chunk it took. */
  take(chunk: Uint8Array): { used: number; frame?: Frame } {
    let used = 0;
    if (this.#payload === undefined) {
      used = this.#fillHeader(chunk);
      if (this.#headerFilled < FRAME_HEADER_BYTES) return { used };
      this.#payload = new Uint8Array(this.allocate(this.#checkedLength()));
    }
    const piece = chunk.subarray(used, used + this.#payload.length - this.#payloadFilled);
    this.#payload.set(piece, this.#payloadFilled);
    this.#crc = crc32(piece, this.#crc);
    this.#payloadFilled += piece.length;
    used += piece.length;
    if (this.#payloadFilled < this.#payload.length) return { used };
    return { used, frame: this.#finish(this.#payload) };
  }

  #fillHeader(rest: Uint8Array): number {
    const piece = rest.subarray(0, FRAME_HEADER_BYTES - this.#headerFilled);
    this.#header.set(piece, this.#headerFilled);
    this.#headerFilled += piece.length;
    return piece.length;
  }

  #checkedLength(): number {
    const header = this.#header;
    if (header.readUInt16LE(0) !== MAGIC) throw malformed('it does not begin as a frame does');
    const version = header.readUInt8(2);
    if (version !== FORMAT_VERSION)
      throw malformed(`its format version is ${version}, not ${FORMAT_VERSION}`);
    if (crc32(header.subarray(0, 24)) !== header.readUInt32LE(24))
      throw malformed('the checksum of its header is wrong');
    if (!NAMES.has(header.readUInt8(3))) throw malformed(`its type ${header.readUInt8(3)} is unknown`);
    const epoch = header.readUInt32LE(4);
    if (epoch !== this.#epoch) throw malformed(`it is of epoch ${epoch}, the ring of epoch ${this.#epoch}`);
    const sequence = header.readUInt32LE(8);
    if (sequence !== this.#sequence)
      throw malformed(`it is number ${sequence} where ${this.#sequence} was due`);
    const length = header.readUInt32LE(16);
    if (length > this.maxPayload) throw malformed(`it claims ${length} bytes of payload`);
    return length;
  }

  #finish(payload: Uint8Array<ArrayBuffer>): Frame {
    if (this.#crc !== this.#header.readUInt32LE(20)) throw malformed('the checksum of its payload is wrong');
    this.#headerFilled = 0;
    this.#payload = undefined;
    this.#payloadFilled = 0;
    this.#crc = 0;
    this.#sequence = (this.#sequence + 1) >>> 0;
    return {
      type: NAMES.get(this.#header.readUInt8(3))!,
      epoch: this.#epoch,
      sequence: this.#header.readUInt32LE(8),
      tag: this.#header.readUInt32LE(12),
      payload,
    };
  }
}

const malformed = (what: string) => new RingBrokenError(`A frame of the ring is malformed: ${what}.`);
