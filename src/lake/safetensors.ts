import { open, type FileHandle } from 'node:fs/promises';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../errors.ts';
import { placeAtomically } from './atomic-write.ts';

/**
 * The safetensors format (huggingface.co/docs/safetensors): eight bytes of header length (little-endian), a JSON
 * header padded with spaces to a multiple of 8, then the tensors, row-major and little-endian, without gaps.
 */
const ARRAYS = {
  I64: BigInt64Array,
  F64: Float64Array,
  I32: Int32Array,
  F32: Float32Array,
  I8: Int8Array,
  U8: Uint8Array,
} as const;

export type TensorDtype = keyof typeof ARRAYS;
export type TensorData = BigInt64Array | Float64Array | Int32Array | Float32Array | Int8Array | Uint8Array;

export interface Tensor {
  dtype: TensorDtype;
  shape: number[];
  data: TensorData;
}

interface Entry {
  dtype: TensorDtype;
  shape: number[];
  /** Within the data part, end excluded. */
  data_offsets: [number, number];
}

interface Layout {
  entries: Map<string, Entry>;
  metadata: Record<string, string>;
  /** Where the data part begins in the file. */
  dataStart: number;
}

/** The format's reference implementation refuses longer headers too. */
const LONGEST_HEADER = 100_000_000;

/** One tensor of shape `shape`, its dtype taken from the array. */
export function tensor(data: TensorData, shape: number[]): Tensor {
  const dtype = (Object.keys(ARRAYS) as TensorDtype[]).find((name) => data instanceof ARRAYS[name])!;
  if (product(shape) !== data.length) {
    throw new BadInputError(
      `A tensor of shape [${shape.join(', ')}] does not hold ${data.length} values.`,
      `Give ${product(shape)} values.`,
    );
  }
  return { dtype, shape, data };
}

/** The file's bytes. Tensors of eight-byte elements come first, so that every one can be viewed in place. */
export function encodeSafetensors(
  tensors: Record<string, Tensor>,
  metadata: Record<string, string> = {},
): Uint8Array {
  return Buffer.concat(partsOf(tensors, metadata));
}

/** Writes the file atomically, without a second copy of the tensors in memory. */
export async function writeSafetensors(
  path: string,
  tensors: Record<string, Tensor>,
  metadata: Record<string, string> = {},
): Promise<void> {
  await placeAtomically(path, async (temporary) => {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      for (const part of partsOf(tensors, metadata)) await handle.writeFile(part);
    } finally {
      await handle.close();
    }
  });
}

/** All tensors of a file held in memory, as views of it (copies only where the bytes are not aligned). */
export function readSafetensors(bytes: Uint8Array, name = 'The safetensors file'): Map<string, Tensor> {
  const { entries, dataStart } = layoutOf(bytes, bytes.byteLength, name);
  const result = new Map<string, Tensor>();
  for (const [key, { dtype, shape, data_offsets }] of entries) {
    const [from, to] = data_offsets;
    result.set(key, { dtype, shape, data: viewOf(dtype, bytes.subarray(dataStart + from, dataStart + to)) });
  }
  return result;
}

/** The strings under `__metadata__` in the header. */
export function readSafetensorsMetadata(
  bytes: Uint8Array,
  name = 'The safetensors file',
): Record<string, string> {
  return layoutOf(bytes, bytes.byteLength, name).metadata;
}

/** A file read tensor by tensor, or rows of one tensor at a time. Close it after use. */
export class SafetensorsFile implements AsyncDisposable {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #layout: Layout;

  private constructor(path: string, handle: FileHandle, layout: Layout) {
    this.path = path;
    this.#handle = handle;
    this.#layout = layout;
  }

  static async open(path: string): Promise<SafetensorsFile> {
    const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      throw new MissingDataError(`${path} is not there.`, 'Run the stage that makes it.');
    });
    try {
      const { size } = await handle.stat();
      const prefix = Buffer.alloc(Math.min(8, size));
      await handle.read(prefix, 0, prefix.length, 0);
      const head = Buffer.alloc(headLength(prefix, size, path));
      await handle.read(head, 0, head.length, 0);
      return new SafetensorsFile(path, handle, layoutOf(head, size, path));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get metadata(): Record<string, string> {
    return this.#layout.metadata;
  }

  get names(): string[] {
    return [...this.#layout.entries.keys()];
  }

  shapeOf(name: string): number[] {
    return this.#entry(name).shape;
  }

  /** Rows `from` (included) to `to` (excluded) along the first axis; all of them by default. */
  async read(name: string, from = 0, to?: number): Promise<Tensor> {
    const { dtype, shape, data_offsets } = this.#entry(name);
    const rows = shape[0] ?? 1;
    const end = to ?? rows;
    if (!(from >= 0 && from <= end && end <= rows)) {
      throw new BadInputError(
        `${name} of ${this.path} has ${rows} rows, not ${from} to ${end}.`,
        'Ask for less.',
      );
    }
    const rowBytes = rows === 0 ? 0 : (data_offsets[1] - data_offsets[0]) / rows;
    const bytes = new Uint8Array((end - from) * rowBytes);
    const start = this.#layout.dataStart + data_offsets[0] + from * rowBytes;
    const { bytesRead } = await this.#handle.read(bytes, 0, bytes.length, start);
    if (bytesRead !== bytes.length) throw corrupt(this.path, 'it ends in the middle of a tensor');
    return { dtype, shape: shape.length ? [end - from, ...shape.slice(1)] : [], data: viewOf(dtype, bytes) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  #entry(name: string): Entry {
    const entry = this.#layout.entries.get(name);
    if (entry) return entry;
    throw corrupt(this.path, `it has no tensor ${name} (it has ${this.names.join(', ') || 'none'})`);
  }
}

function partsOf(tensors: Record<string, Tensor>, metadata: Record<string, string>): Uint8Array[] {
  const named = Object.entries(tensors).sort(
    ([a, { dtype: x }], [b, { dtype: y }]) => widthOf(y) - widthOf(x) || (a < b ? -1 : 1),
  );
  const header: Record<string, unknown> = Object.keys(metadata).length ? { __metadata__: metadata } : {};
  let offset = 0;
  for (const [name, { dtype, shape, data }] of named) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  head.writeBigUInt64LE(BigInt(head.length - 8));
  json.copy(head, 8);
  return [
    head,
    ...named.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ];
}

/** Length of prefix and header together. */
function headLength(prefix: Uint8Array, fileSize: number, name: string): number {
  if (fileSize < 8) throw corrupt(name, 'it is shorter than its length field');
  const length = Number(Buffer.from(prefix.buffer, prefix.byteOffset, 8).readBigUInt64LE());
  if (length > LONGEST_HEADER || 8 + length > fileSize) throw corrupt(name, 'its header is cut off');
  return 8 + length;
}

/** Reads and checks the header; `head` holds at least prefix and header of a file of `fileSize` bytes. */
function layoutOf(head: Uint8Array, fileSize: number, name: string): Layout {
  const dataStart = headLength(head.subarray(0, 8), fileSize, name);
  const { __metadata__: metadata, ...rest } = parseHeader(head.subarray(8, dataStart), name);
  const entries = Object.entries(rest).map(([key, value]) => [key, checkedEntry(key, value, name)] as const);
  entries.sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);
  let end = 0;
  for (const [key, { data_offsets }] of entries) {
    if (data_offsets[0] !== end)
      throw corrupt(name, `its tensor ${key} does not follow on the one before it`);
    end = data_offsets[1];
  }
  if (dataStart + end !== fileSize) {
    throw corrupt(name, `its header tells of ${dataStart + end} bytes, it has ${fileSize}`);
  }
  return { entries: new Map(entries), metadata: (metadata ?? {}) as Record<string, string>, dataStart };
}

function parseHeader(bytes: Uint8Array, name: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Not JSON and not an object are the same complaint.
  }
  throw corrupt(name, 'its header is not a JSON object');
}

function checkedEntry(key: string, value: unknown, name: string): Entry {
  const { dtype, shape, data_offsets } = (value ?? {}) as Partial<Entry>;
  const isCount = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0;
  if (!dtype || !Object.hasOwn(ARRAYS, dtype)) {
    throw corrupt(
      name,
      `its tensor ${key} has dtype ${String(dtype)} (known: ${Object.keys(ARRAYS).join(', ')})`,
    );
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) throw corrupt(name, `its tensor ${key} has no shape`);
  if (!Array.isArray(data_offsets) || data_offsets.length !== 2 || !data_offsets.every(isCount)) {
    throw corrupt(name, `its tensor ${key} has no offsets`);
  }
  if (data_offsets[1] - data_offsets[0] !== product(shape) * widthOf(dtype)) {
    throw corrupt(name, `its tensor ${key} has another size than its shape says`);
  }
  return { dtype, shape, data_offsets };
}

function viewOf(dtype: TensorDtype, bytes: Uint8Array): TensorData {
  // Not bytes.slice(): of a Buffer that is a view.
  const aligned = bytes.byteOffset % widthOf(dtype) === 0 ? bytes : new Uint8Array(bytes);
  return new ARRAYS[dtype](
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    aligned.byteLength / widthOf(dtype),
  );
}

const widthOf = (dtype: TensorDtype) => ARRAYS[dtype].BYTES_PER_ELEMENT;
const product = (shape: number[]) => shape.reduce((a, b) => a * b, 1);

const corrupt = (name: string, what: string) =>
  new CorruptArtifactError(
    `${name} is not a whole safetensors file: ${what}.`,
    'Delete it and run the stage that made it again, or restore it from a backup.',
  );
