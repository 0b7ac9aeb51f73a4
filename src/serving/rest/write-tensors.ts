import { invalidArgument } from '../problem.ts';
import type { ServingTensor, TensorMap } from '../tensor.ts';
import { ByteWriter } from './byte-writer.ts';
import type { PredictFormat } from './json-tensors.ts';
import { valueWriter, type ValueWriter, writeString } from './write-values.ts';

/**
 * The answer to `:predict`, laid out as its request was: rows as `predictions`, columns as `outputs`; the name of a
 * single output is left out.
 */
export function writePrediction(outputs: TensorMap, format: PredictFormat): Buffer {
  if (outputs.size === 0) throw invalidArgument('Cannot convert empty tensor map to JSON');
  return format === 'row' ? rows(outputs) : columns(outputs);
}

function rows(outputs: TensorMap): Buffer {
  const count = commonRows(outputs);
  const writer = new ByteWriter();
  const parts = [...outputs].map(([name, tensor]) => new TensorWriter(writer, name, tensor, 1));
  const named = parts.length > 1;
  writer.ascii('{\n    "predictions": [');
  for (let row = 0; row < count; row++) {
    if (row > 0) writer.ascii(named ? ',' : ', ');
    if (named) writer.ascii('\n        {');
    for (const [index, part] of parts.entries()) {
      if (named) part.key(index > 0 ? ',\n            ' : '\n            ');
      part.next();
    }
    if (named) writer.ascii('\n        }');
  }
  writer.ascii(count > 0 ? '\n    ]\n}' : ']\n}');
  return writer.done();
}

function columns(outputs: TensorMap): Buffer {
  const writer = new ByteWriter();
  const parts = [...outputs].map(([name, tensor]) => new TensorWriter(writer, name, tensor, 0));
  const named = parts.length > 1;
  writer.ascii(named ? '{\n    "outputs": {' : '{\n    "outputs": ');
  for (const [index, part] of parts.entries()) {
    if (named) part.key(index > 0 ? ',\n        ' : '\n        ');
    part.next();
  }
  writer.ascii(named ? '\n    }\n}' : '\n}');
  return writer.done();
}

/** Rows can only be written where each output has one for each. */
function commonRows(outputs: TensorMap): number {
  let rows = -1;
  for (const [name, { shape }] of outputs) {
    const [first] = shape;
    if (first === undefined) throw invalidArgument(`Tensor name: ${name} has no shape information `);
    if (rows >= 0 && rows !== first) {
      throw invalidArgument(`Tensor name: ${name} has inconsistent batch size: ${first} expecting: ${rows}`);
    }
    rows = first;
  }
  return rows;
}

/** Writes a tensor from one of its axes on, piece by piece. */
class TensorWriter {
  readonly #writer: ByteWriter;
  readonly #name: string;
  readonly #shape: readonly number[];
  readonly #value: ValueWriter;
  readonly #from: number;
  #index = 0;

  constructor(writer: ByteWriter, name: string, tensor: ServingTensor, from: number) {
    this.#writer = writer;
    this.#name = name;
    this.#shape = tensor.shape;
    this.#from = from;
    this.#value = valueWriter(writer, name, tensor);
  }

  key(space: string): void {
    this.#writer.ascii(space);
    writeString(this.#writer, Buffer.from(this.#name, 'utf8'));
    this.#writer.ascii(': ');
  }

  next(): void {
    this.#write(this.#from);
  }

  #write(axis: number): void {
    const size = this.#shape[axis];
    if (size === undefined) {
      this.#value(this.#index++);
      return;
    }
    const innermost = axis === this.#shape.length - 1;
    const writer = this.#writer;
    writer.letter(0x5b);
    for (let i = 0; i < size; i++) {
      if (i > 0) {
        writer.letter(0x2c);
        writer.letter(0x20);
      }
      if (innermost) this.#value(this.#index++);
      else this.#write(axis + 1);
    }
    writer.letter(0x5d);
  }
}
