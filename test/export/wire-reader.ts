/** A message of Protocol Buffers field by field, without knowing what they are: written apart from what is tested. */
export class WireMessage {
  readonly #fields = new Map<number, (number | Uint8Array)[]>();

  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    const varint = (): number => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = view.getUint8(at++);
        value |= BigInt(byte & 127) << shift;
        if (byte < 128) return Number(BigInt.asIntN(64, value));
      }
    };
    while (at < bytes.length) {
      const key = varint();
      const values = this.#fields.get(key >> 3) ?? [];
      this.#fields.set(key >> 3, values);
      switch (key & 7) {
        case 0:
          values.push(varint());
          break;
        case 2: {
          const length = varint();
          // A copy, so that arrays of numbers can be viewed in it; slice of a Buffer is none.
          values.push(new Uint8Array(bytes.subarray(at, at + length)));
          at += length;
          break;
        }
        case 5:
          values.push(view.getFloat32(at, true));
          at += 4;
          break;
        default:
          throw new Error(`wire type ${key & 7} at ${at}`);
      }
    }
    if (at !== bytes.length) throw new Error('a field is cut off');
  }

  numbers(field: number): number[] {
    return (this.#fields.get(field) ?? []) as number[];
  }

  number(field: number): number {
    return this.numbers(field)[0] ?? 0;
  }

  blobs(field: number): Uint8Array[] {
    return (this.#fields.get(field) ?? []) as Uint8Array[];
  }

  has(field: number): boolean {
    return this.#fields.has(field);
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

  packed(field: number): number[] {
    return this.blobs(field).flatMap((bytes) => new WireMessage(unpacked(bytes)).numbers(1));
  }

  /** `map<string, …>` */
  entries(field: number): Map<string, WireMessage> {
    return new Map(this.messages(field).map((entry) => [entry.text(1), entry.message(2)]));
  }
}

/** Packed varints as a repeated field 1. */
function unpacked(bytes: Uint8Array): Uint8Array {
  const result: number[] = [];
  bytes.forEach((byte, i) => {
    if (i === 0 || bytes[i - 1]! < 128) result.push(8);
    result.push(byte);
  });
  return Uint8Array.from(result);
}
