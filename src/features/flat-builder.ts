/**
 * As much of FlatBuffers (flatbuffers.dev/internals) as an Arrow header needs. Like the format's own builders it
 * writes from the end towards the beginning; an offset counts bytes from the end.
 */
export class FlatBuilder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #head: number;
  #alignment = 1;
  #fields: number[] = [];
  #tableStart = 0;

  /** `capacity` bytes have to suffice for everything. */
  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
    this.#head = capacity;
  }

  string(text: string): number {
    const utf8 = new TextEncoder().encode(text);
    this.#align(4, utf8.length + 1);
    this.#head -= utf8.length + 1;
    this.#bytes.set(utf8, this.#head);
    return this.#int32(utf8.length);
  }

  /** A vector of offsets to tables or strings. */
  offsets(targets: number[]): number {
    this.#align(4, 4 * targets.length);
    for (const target of targets.toReversed()) this.#reference(target);
    return this.#int32(targets.length);
  }

  /** A vector of structs of two 64-bit integers, which are given one after the other. */
  pairs(values: number[]): number {
    this.#align(4, 8 * values.length);
    this.#align(8, 8 * values.length);
    for (const value of values.toReversed()) this.#int64(value);
    return this.#int32(values.length / 2);
  }

  /** A table; `write` puts its fields, each by its number in the schema. */
  table(fieldCount: number, write: (table: TableWriter) => void): number {
    this.#fields = new Array<number>(fieldCount).fill(0);
    this.#tableStart = this.#offset;
    write({
      uint8: (field, value) => this.#field(field, 1, () => this.#view.setUint8(this.#head, value)),
      int16: (field, value) => this.#field(field, 2, () => this.#view.setInt16(this.#head, value, true)),
      int64: (field, value) =>
        this.#field(field, 8, () => this.#view.setBigInt64(this.#head, BigInt(value), true)),
      offset: (field, target) => {
        this.#reference(target);
        this.#fields[field] = this.#offset;
      },
    });
    return this.#endTable();
  }

  finish(root: number): Uint8Array {
    this.#align(this.#alignment, 4);
    this.#reference(root);
    return this.#bytes.subarray(this.#head);
  }

  get #offset(): number {
    return this.#bytes.length - this.#head;
  }

  /** Moves on so that after `following` more bytes the head is a multiple of `size`. */
  #align(size: number, following: number): void {
    this.#alignment = Math.max(this.#alignment, size);
    this.#head -= -(this.#offset + following) & (size - 1);
  }

  #field(field: number, size: number, put: () => void): void {
    this.#align(size, 0);
    this.#head -= size;
    put();
    this.#fields[field] = this.#offset;
  }

  #int16(value: number): void {
    this.#align(2, 0);
    this.#head -= 2;
    this.#view.setInt16(this.#head, value, true);
  }

  #int32(value: number): number {
    this.#align(4, 0);
    this.#head -= 4;
    this.#view.setInt32(this.#head, value, true);
    return this.#offset;
  }

  #int64(value: number): void {
    this.#head -= 8;
    this.#view.setBigInt64(this.#head, BigInt(value), true);
  }

  #reference(target: number): void {
    this.#align(4, 0);
    this.#int32(this.#offset - target + 4);
  }

  #endTable(): number {
    const table = this.#int32(0);
    for (const field of this.#fields.toReversed()) this.#int16(field ? table - field : 0);
    this.#int16(table - this.#tableStart);
    this.#int16(2 * (this.#fields.length + 2));
    this.#view.setInt32(this.#bytes.length - table, this.#offset - table, true);
    return table;
  }
}

export interface TableWriter {
  uint8(field: number, value: number): void;
  int16(field: number, value: number): void;
  int64(field: number, value: number): void;
  offset(field: number, target: number): void;
}
