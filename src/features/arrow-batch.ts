import { FlatBuilder } from './flat-builder.ts';

/**
 * One record batch in Arrow's streaming format (arrow.apache.org/docs/format/Columnar.html), which polars takes over
 * with its null masks in a single copy. Handing polars one array a column and turning NaN into null there costs
 * three times as long.
 */
export type BatchField =
  | { name: string; type: 'float32' | 'float64' }
  /** Microseconds with the zone UTC; `seconds` since 1970. */
  | { name: string; type: 'timestamp'; seconds: Float64Array }
  /** Text that repeats: `codes` point into `labels`. */
  | TextField;

interface TextField {
  name: string;
  type: 'utf8';
  codes: Uint8Array;
  labels: readonly string[];
}

const CONTINUATION = 0xffffffff;
const ALIGNMENT = 64;
const METADATA_V5 = 4;
const HEADER = { schema: 1, recordBatch: 3 };
const TYPE = { float32: 3, float64: 3, utf8: 5, timestamp: 10 };
const MICROSECONDS = { unit: 2, perSecond: 1e6 };
const PRECISION = { float32: 1, float64: 2 };

interface Slot {
  validity: Uint8Array | undefined;
  values: Float32Array | Float64Array | undefined;
  nulls: number;
}

/** Memory that batches are built in, one after the other; it grows to the largest. */
export class BatchMemory {
  #buffer = new ArrayBuffer(0);

  take(bytes: number): ArrayBuffer {
    if (this.#buffer.byteLength < bytes) this.#buffer = new ArrayBuffer(bytes);
    return this.#buffer;
  }
}

export class ArrowBatch {
  readonly #rows: number;
  readonly #slots: Slot[] = [];
  /** Offset and length of every buffer, relative to the body. */
  readonly #layout: number[] = [];
  readonly #bytes: Uint8Array;
  readonly #bodyStart: number;
  readonly #bodyLength: number;

  constructor(fields: BatchField[], rows: number, memory: BatchMemory) {
    this.#rows = rows;
    const maskBytes = Math.ceil(rows / 8);
    let end = 0;
    const place = (length: number) => {
      this.#layout.push(end, length);
      end = aligned(end + length);
    };
    for (const field of fields) {
      if (field.type === 'utf8') {
        place(0);
        place(4 * (rows + 1));
        place(textLength(field));
      } else if (field.type === 'timestamp') {
        place(0);
        place(8 * rows);
      } else {
        place(maskBytes);
        place(rows * widthOf(field.type));
      }
    }
    this.#bodyLength = end;
    const schema = message(HEADER.schema, 0, fields.length, (builder) => schemaTable(builder, fields));
    const headBytes = this.#head(fields.map(() => 0)).length;
    this.#bodyStart = schema.length + headBytes;
    const total = this.#bodyStart + end + 8;
    const buffer = memory.take(total);
    this.#bytes = new Uint8Array(buffer, 0, total);
    this.#bytes.set(schema);
    // An end-of-stream mark: the continuation and a length of 0.
    new DataView(buffer).setUint32(total - 8, CONTINUATION, true);
    new DataView(buffer).setUint32(total - 4, 0, true);
    this.#fill(fields, maskBytes, buffer);
  }

  /** Stores a numeric column; whatever is not a finite number becomes null. `rowHours`: which value each row takes. */
  store(index: number, source: Float64Array, rowHours?: Int32Array): void {
    const slot = this.#slots[index]!;
    slot.nulls = storeMasked(slot.values!, slot.validity!, source, rowHours);
  }

  /** The stream; valid until the memory is taken for the next batch. */
  finish(): Buffer {
    const head = this.#head(this.#slots.map(({ nulls }) => nulls));
    this.#bytes.set(head, this.#bodyStart - head.length);
    return Buffer.from(this.#bytes.buffer, 0, this.#bytes.length);
  }

  #head(nulls: number[]): Uint8Array {
    const nodes = nulls.flatMap((count) => [this.#rows, count]);
    return message(HEADER.recordBatch, this.#bodyLength, nulls.length, (builder) => {
      const buffers = builder.pairs(this.#layout);
      const nodeVector = builder.pairs(nodes);
      return builder.table(4, (table) => {
        table.int64(0, this.#rows);
        table.offset(1, nodeVector);
        table.offset(2, buffers);
      });
    });
  }

  #fill(fields: BatchField[], maskBytes: number, buffer: ArrayBuffer): void {
    let next = 0;
    const start = () => this.#bodyStart + this.#layout[2 * next++]!;
    for (const field of fields) {
      if (field.type === 'utf8') {
        start();
        const offsets = new Int32Array(buffer, start(), this.#rows + 1);
        writeText(field, offsets, new Uint8Array(buffer, start()));
        this.#slots.push({ validity: undefined, values: undefined, nulls: 0 });
      } else if (field.type === 'timestamp') {
        start();
        writeTimes(field.seconds, new Uint32Array(buffer, start(), 2 * this.#rows));
        this.#slots.push({ validity: undefined, values: undefined, nulls: 0 });
      } else {
        const validity = new Uint8Array(buffer, start(), maskBytes);
        const array = field.type === 'float32' ? Float32Array : Float64Array;
        const values = new array(buffer, start(), this.#rows);
        this.#slots.push({ validity, values, nulls: 0 });
      }
    }
  }
}

/** Stores values and their mask; returns how many are null. */
function storeMasked(
  values: Float32Array | Float64Array,
  validity: Uint8Array,
  source: Float64Array,
  rowHours?: Int32Array,
): number {
  const rows = values.length;
  if (rowHours) {
    for (let row = 0; row < rows; row++) values[row] = source[rowHours[row]!]!;
    return maskEach(values, validity);
  }
  let head = 0;
  while (head < rows && !isFinite(source[head]!)) head++;
  if (!copyFinite(source, values, head)) {
    values.set(source.subarray(0, head));
    return maskEach(values, validity);
  }
  // Nearly every column is null only until its windows are full.
  values.fill(0, 0, head);
  validity.fill(0, 0, head >> 3);
  validity.fill(0xff, head >> 3);
  if (head & 7) validity[head >> 3] = (0xff << (head & 7)) & 0xff;
  return head;
}

function maskEach(values: Float32Array | Float64Array, validity: Uint8Array): number {
  let nulls = 0;
  validity.fill(0);
  for (let row = 0; row < values.length; row++) {
    if (isFinite(values[row]!)) {
      validity[row >> 3]! |= 1 << (row & 7);
    } else {
      values[row] = 0;
      nulls++;
    }
  }
  return nulls;
}

/** Copies from `from` on; false when a value is not finite: x − x is NaN then, and 0 for all others. */
function copyFinite(source: Float64Array, values: Float32Array | Float64Array, from: number): boolean {
  let [even, odd] = [0, 0];
  let i = from;
  for (; i + 1 < values.length; i += 2) {
    values[i] = source[i]!;
    values[i + 1] = source[i + 1]!;
    // Read back, for a value that is finite only in 64 bits.
    even += values[i]! - values[i]!;
    odd += values[i + 1]! - values[i + 1]!;
  }
  if (i < values.length) {
    values[i] = source[i]!;
    even += values[i]! - values[i]!;
  }
  return even + odd === 0;
}

function writeText({ codes, labels }: TextField, offsets: Int32Array, text: Uint8Array): void {
  const encoded = labels.map((label) => new TextEncoder().encode(label));
  let end = 0;
  offsets[0] = 0;
  for (let row = 0; row < codes.length; row++) {
    const label = encoded[codes[row]!]!;
    for (let i = 0; i < label.length; i++) text[end + i] = label[i]!;
    end += label.length;
    offsets[row + 1] = end;
  }
}

function textLength({ codes, labels }: TextField): number {
  const lengths = Int32Array.from(labels, (label) => Buffer.byteLength(label));
  let bytes = 0;
  for (let row = 0; row < codes.length; row++) bytes += lengths[codes[row]!]!;
  return bytes;
}

/** Microseconds as 64-bit integers, written in halves: a BigInt a row would be garbage a row. */
function writeTimes(seconds: Float64Array, target: Uint32Array): void {
  for (let row = 0; row < seconds.length; row++) {
    const time = seconds[row]! * MICROSECONDS.perSecond;
    const high = Math.floor(time / 2 ** 32);
    target[2 * row] = time - high * 2 ** 32;
    target[2 * row + 1] = high;
  }
}

function schemaTable(builder: FlatBuilder, fields: BatchField[]): number {
  const tables = fields.map((field) => {
    const name = builder.string(field.name);
    const children = builder.offsets([]);
    const type = typeTable(builder, field.type);
    return builder.table(7, (table) => {
      table.offset(0, name);
      table.uint8(1, 1);
      table.uint8(2, TYPE[field.type]);
      table.offset(3, type);
      table.offset(5, children);
    });
  });
  const vector = builder.offsets(tables);
  return builder.table(4, (table) => table.offset(1, vector));
}

function typeTable(builder: FlatBuilder, type: BatchField['type']): number {
  if (type === 'utf8') return builder.table(0, () => {});
  if (type !== 'timestamp') return builder.table(1, (table) => table.int16(0, PRECISION[type]));
  const zone = builder.string('UTC');
  return builder.table(2, (table) => {
    table.int16(0, MICROSECONDS.unit);
    table.offset(1, zone);
  });
}

/** An encapsulated message, padded so that what follows it begins at a multiple of 64. */
function message(
  kind: number,
  bodyLength: number,
  fieldCount: number,
  header: (builder: FlatBuilder) => number,
): Uint8Array {
  const builder = new FlatBuilder(4096 + 512 * fieldCount);
  const headerTable = header(builder);
  const root = builder.table(5, (table) => {
    table.int16(0, METADATA_V5);
    table.uint8(1, kind);
    table.offset(2, headerTable);
    table.int64(3, bodyLength);
  });
  const metadata = builder.finish(root);
  const result = new Uint8Array(aligned(8 + metadata.length));
  const view = new DataView(result.buffer);
  view.setUint32(0, CONTINUATION, true);
  view.setInt32(4, result.length - 8, true);
  result.set(metadata, 8);
  return result;
}

const aligned = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
const widthOf = (type: 'float32' | 'float64') => (type === 'float32' ? 4 : 8);
