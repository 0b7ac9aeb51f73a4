/**
 * The wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding), as far as ONNX and SavedModel need
 * it: a message is written field by field in the order of its calls, so that equal graphs give equal bytes.
 */
export class Message {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** int32, int64, enum or bool. */
  integer(field: number, value: number | boolean): this {
    this.#key(field, VARINT);
    return this.#put(varint(Number(value)));
  }

  float(field: number, value: number): this {
    this.#key(field, FIXED_32);
    return this.#put(new Uint8Array(Float32Array.of(value).buffer));
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'));
  }

  bytes(field: number, value: Uint8Array): this {
    this.#key(field, DELIMITED);
    this.#put(varint(value.length));
    return this.#put(value);
  }

  message(field: number, value: Message): this {
    this.#key(field, DELIMITED);
    this.#put(varint(value.#length));
    for (const part of value.#parts) this.#put(part);
    return this;
  }

  messages(field: number, values: Iterable<Message>): this {
    for (const value of values) this.message(field, value);
    return this;
  }

  /** Packed. */
  integers(field: number, values: readonly number[]): this {
    return this.bytes(field, Buffer.concat(values.map(varint)));
  }

  /** `map<string, …>`: an entry each, of key and value. */
  entry(field: number, key: string, value: Message): this {
    return this.message(field, new Message().text(1, key).message(2, value));
  }

  encode(): Uint8Array {
    return Buffer.concat(this.#parts, this.#length);
  }

  #key(field: number, wireType: number): void {
    this.#put(varint(field * 8 + wireType));
  }

  #put(part: Uint8Array): this {
    this.#parts.push(part);
    this.#length += part.length;
    return this;
  }
}

const VARINT = 0;
const DELIMITED = 2;
const FIXED_32 = 5;

/** Seven bits a byte, the lowest first; a negative number is its two's complement of 64 bits. */
function varint(value: number): Uint8Array {
  // Keys, lengths and most numbers are a byte or two.
  if (value >= 0 && value < 128) return Uint8Array.of(value);
  if (value >= 128 && value < 16_384) return Uint8Array.of((value & 127) | 128, value >> 7);
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
