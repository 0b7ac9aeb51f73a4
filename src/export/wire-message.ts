/** A message of Protocol Buffers, field by field; what its fields mean is for whoever reads them to know. */
export class WireMessage {
  /** An integer that a double does not hold stays exact. */
  readonly #fields = new Map<number, (number | bigint | Uint8Array)[]>();

  /** @throws RangeError where the bytes are no message */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    const varint = (): number | bigint => {
      // Keys, lengths and most numbers are a byte or two.
      const first = view.getUint8(at++);
      if (first < 128) return first;
      let value = BigInt(first & 127);
      for (let shift = 7n; shift < 64n; shift += 7n) {
        const byte = view.getUint8(at++);
        if (shift === 7n && byte < 128) return (first & 127) | (byte << 7);
        value |= BigInt(byte & 127) << shift;
        if (byte < 128) return narrowed(BigInt.asIntN(64, value));
      }
      throw new RangeError('a number has no end');
    };
    const skipped = (size: number | bigint) => {
      if (typeof size === 'bigint' || size < 0 || at + size > bytes.length)
        throw new RangeError('a field is cut off');
      at += size;
      return at - size;
    };
    while (at < bytes.length) {
      const key = Number(varint());
      const values = this.#fields.get(key >>> 3) ?? [];
      this.#fields.set(key >>> 3, values);
      switch (key & 7) {
        case 0:
          values.push(varint());
          break;
        case 1:
          values.push(view.getFloat64(skipped(8), true));
          break;
        case 2: {
          const length = varint();
          const from = skipped(length);
          values.push(bytes.subarray(from, at));
          break;
        }
        case 5:
          values.push(view.getFloat32(skipped(4), true));
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
