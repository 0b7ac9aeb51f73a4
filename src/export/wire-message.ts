/** A message of Protocol Buffers, field by field; what its fields mean is for whoever reads them to know. */
export class WireMessage {
  /** An integer that a double does not hold stays exact. */
  readonly #fields = new Map<number, (number | bigint | Uint8Array)[]>();

  /** @throws RangeError where the bytes are no message */
  constructor(bytes: Uint8Array) {
    const cursor = { at: 0 };
    while (cursor.at < bytes.length) {
      const key = Number(varint(bytes, cursor));
      let values = this.#fields.get(key >>> 3);
      if (!values) this.#fields.set(key >>> 3, (values = []));
      switch (key & 7) {
        case 0:
          values.push(varint(bytes, cursor));
          break;
        case 1:
          values.push(viewOf(skipped(bytes, cursor, 8)).getFloat64(0, true));
          break;
        case 2:
          values.push(skipped(bytes, cursor, varint(bytes, cursor)));
          break;
        case 5:
          values.push(viewOf(skipped(bytes, cursor, 4)).getFloat32(0, true));
          break;
        default:
          throw new RangeError(`there is no wire type ${key & 7}`);
      }
    }
  }

  has(field: number): boolean {
    return this.#fields.has(field);
  }

  numbers(field: number): number[] {
    const values = (this.#fields.get(field) ?? []).filter((value) => !(value instanceof Uint8Array));
    return values.map(Number);
  }

  /** Integers that are not packed, exact whatever they are. */
  bigIntegers(field: number): bigint[] {
    return (this.#fields.get(field) ?? []).flatMap((value) =>
      value instanceof Uint8Array ? [] : BigInt(value),
    );
  }

  number(field: number): number {
    return this.numbers(field)[0] ?? 0;
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
    return (this.#fields.get(field) ?? []).filter((value) => value instanceof Uint8Array);
  }

  texts(field: number): string[] {
    return this.blobs(field).map((bytes) => Buffer.from(bytes).toString('utf8'));
  }

  text(field: number): string {
    return this.texts(field)[0] ?? '';
  }

  messages(field: number): WireMessage[] {
    return this.blobs(field).map((bytes) => new WireMessage(bytes));
  }

  message(field: number): WireMessage {
    return this.messages(field)[0] ?? new WireMessage(new Uint8Array(0));
  }

  /** `map<string, …>` */
  entries(field: number): Map<string, WireMessage> {
    return new Map(this.messages(field).map((entry) => [entry.text(1), entry.message(2)]));
  }

  #repeated(field: number, unpacked: (bytes: Uint8Array) => number[]): number[] {
    const values = this.#fields.get(field) ?? [];
    return values.flatMap((value) => (value instanceof Uint8Array ? unpacked(value) : Number(value)));
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
  at: number;
}

function varint(bytes: Uint8Array, cursor: Cursor): number | bigint {
  // Keys, lengths and most numbers are a byte or two.
  const first = byteAt(bytes, cursor);
  if (first < 128) return first;
  const second = byteAt(bytes, cursor);
  if (second < 128) return (first & 127) | (second << 7);
  let value = BigInt((first & 127) | ((second & 127) << 7));
  for (let shift = 14n; shift < 64n; shift += 7n) {
    const byte = byteAt(bytes, cursor);
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return narrowed(BigInt.asIntN(64, value));
  }
  throw new RangeError('a number has no end');
}

function byteAt(bytes: Uint8Array, cursor: Cursor): number {
  if (cursor.at >= bytes.length) throw new RangeError('a number is cut off');
  return bytes[cursor.at++]!;
}

/** The bytes that are stepped over. */
function skipped(bytes: Uint8Array, cursor: Cursor, size: number | bigint): Uint8Array {
  const end = cursor.at + Number(size);
  if (size < 0 || end > bytes.length) throw new RangeError('a field is cut off');
  const from = cursor.at;
  cursor.at = end;
  return bytes.subarray(from, end);
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
  new DataView(buffer, byteOffset, byteLength);
