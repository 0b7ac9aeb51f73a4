/** Of a field's key, by protobuf's encoding. */
const WIRE = { varint: 0, eight: 1, blob: 2, four: 5 } as const;
/** What one message may have of them: 64 MB of two bytes each would take gigabytes to note. Lists come packed, as one. */
const MOST_FIELDS = 2 ** 20;

/**
 * A message of Protocol Buffers, field by field; what its fields mean is for whoever reads them to know. Of what lies in
 * it only places are noted: a call is made of a dozen messages within each other, most of a few bytes.
 */
export class WireMessage {
  readonly #bytes: Buffer;
  /**
   * Of each field in its order its number, its wire type, and either its value or where it lies from. An integer that a
   * double does not hold stays exact.
   */
  readonly #fields: number[] = [];
  readonly #wires: number[] = [];
  readonly #values: (number | bigint)[] = [];
  /** Where a blob ends. */
  readonly #ends: number[] = [];

  /** @throws RangeError where the bytes are no message */
  constructor(bytes: Uint8Array, from = 0, to = bytes.length) {
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const cursor = { bytes, at: from, end: to };
    while (cursor.at < to) {
      if (this.#fields.length === MOST_FIELDS) throw new RangeError(`it has more than ${MOST_FIELDS} fields`);
      const key = Number(varint(cursor));
      const wire = key & 7;
      let value: number | bigint = cursor.at;
      switch (wire) {
        case WIRE.varint:
          value = varint(cursor);
          break;
        case WIRE.eight:
          step(cursor, 8);
          value = this.#bytes.readDoubleLE(cursor.at - 8);
          break;
        case WIRE.blob: {
          const size = varint(cursor);
          value = cursor.at;
          step(cursor, size);
          break;
        }
        case WIRE.four:
          step(cursor, 4);
          value = this.#bytes.readFloatLE(cursor.at - 4);
          break;
        default:
          throw new RangeError(`there is no wire type ${wire}`);
      }
      this.#fields.push(key >>> 3);
      this.#wires.push(wire);
      this.#values.push(value);
      this.#ends.push(cursor.at);
    }
  }

  has(field: number): boolean {
    return this.#fields.includes(field);
  }

  numbers(field: number): number[] {
    return this.#scalars(field).map(Number);
  }

  /** Integers that are not packed, exact whatever they are. */
  bigIntegers(field: number): bigint[] {
    return this.#scalars(field).map(BigInt);
  }

  /** The first; 0 where there is none. */
  number(field: number): number {
    const at = this.#fields.findIndex((own, i) => own === field && this.#wires[i] !== WIRE.blob);
    return at < 0 ? 0 : Number(this.#values[at]);
  }

  /** Repeated integers, packed or not. */
  integers(field: number): number[] {
    return this.#repeated(field, (bytes) => {
      const numbers: number[] = [];
      for (let at = 0; at < bytes.length;) {
        let value = 0n;
        for (let shift = 0n; ; shift += 7n) {
          if (at >= bytes.length || shift >= 64n) throw new RangeError('a number has no end');
          const byte = bytes[at++]!;
          value |= BigInt(byte & 127) << shift;
          if (byte < 128) break;
        }
        numbers.push(Number(BigInt.asIntN(64, value)));
      }
      return numbers;
    });
  }

  /** Repeated `float`, packed or not. */
  floats(field: number): number[] {
    return this.#repeated(field, (bytes) => [...new Float32Array(aligned(bytes, 4))]);
  }

  /** Repeated `double`, packed or not. */
  doubles(field: number): number[] {
    return this.#repeated(field, (bytes) => [...new Float64Array(aligned(bytes, 8))]);
  }

  /** Views of the message's own bytes. */
  blobs(field: number): Uint8Array[] {
    return this.#places(field).map((i) => this.#blobAt(i));
  }

  texts(field: number): string[] {
    return this.#places(field).map((i) => this.#textAt(i));
  }

  /** The first; empty where there is none. */
  text(field: number): string {
    const at = this.#firstPlace(field);
    return at < 0 ? '' : this.#textAt(at);
  }

  messages(field: number): WireMessage[] {
    return this.#places(field).map((i) => this.#messageAt(i));
  }

  /** The first; one without fields where there is none. */
  message(field: number): WireMessage {
    const at = this.#firstPlace(field);
    return at < 0 ? new WireMessage(this.#bytes, 0, 0) : this.#messageAt(at);
  }

  /** `map<string, …>` */
  entries(field: number): Map<string, WireMessage> {
    return new Map(this.messages(field).map((entry) => [entry.text(1), entry.message(2)]));
  }

  #scalars(field: number): (number | bigint)[] {
    return this.#values.filter((_, i) => this.#fields[i] === field && this.#wires[i] !== WIRE.blob);
  }

  #places(field: number): number[] {
    const places: number[] = [];
    for (let i = 0; i < this.#fields.length; i++) if (this.#isBlob(i, field)) places.push(i);
    return places;
  }

  #firstPlace(field: number): number {
    for (let i = 0; i < this.#fields.length; i++) if (this.#isBlob(i, field)) return i;
    return -1;
  }

  #isBlob(i: number, field: number): boolean {
    return this.#fields[i] === field && this.#wires[i] === WIRE.blob;
  }

  #blobAt(i: number): Uint8Array {
    return this.#bytes.subarray(Number(this.#values[i]), this.#ends[i]);
  }

  #textAt(i: number): string {
    return this.#bytes.toString('utf8', Number(this.#values[i]), this.#ends[i]);
  }

  #messageAt(i: number): WireMessage {
    return new WireMessage(this.#bytes, Number(this.#values[i]), this.#ends[i]);
  }

  #repeated(field: number, unpacked: (bytes: Uint8Array) => number[]): number[] {
    return this.#fields.flatMap((own, i) => {
      if (own !== field) return [];
      return this.#wires[i] === WIRE.blob ? unpacked(this.#blobAt(i)) : Number(this.#values[i]);
    });
  }
}

/** A copy that typed arrays can view. */
function aligned(bytes: Uint8Array, size: number): ArrayBuffer {
  if (bytes.length % size !== 0) throw new RangeError('a list of numbers is cut off');
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}

const narrowed = (value: bigint): number | bigint => {
  const narrow = Number(value);
  return Number.isSafeInteger(narrow) ? narrow : value;
};

interface Cursor {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;
}

function varint(cursor: Cursor): number | bigint {
  // Keys, lengths and most numbers are a byte or two.
  const first = nextByte(cursor);
  if (first < 128) return first;
  const second = nextByte(cursor);
  if (second < 128) return (first & 127) | (second << 7);
  let value = BigInt((first & 127) | ((second & 127) << 7));
  for (let shift = 14n; shift < 64n; shift += 7n) {
    const byte = nextByte(cursor);
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return narrowed(BigInt.asIntN(64, value));
  }
  throw new RangeError('a number has no end');
}

function nextByte(cursor: Cursor): number {
  if (cursor.at >= cursor.end) throw new RangeError('a number is cut off');
  return cursor.bytes[cursor.at++]!;
}

function step(cursor: Cursor, size: number | bigint): void {
  const to = cursor.at + Number(size);
  if (size < 0 || to > cursor.end) throw new RangeError('a field is cut off');
  cursor.at = to;
}
