import { invalidArgument } from '../problem.ts';
import type { Dtype, ServingTensor } from '../tensor.ts';
import type { JsonCursor } from './json-cursor.ts';
import { lastNumber, readNumber } from './json-numbers.ts';
import { readRun } from './json-runs.ts';
import { Scratch } from './scratch.ts';

const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;

/** How TensorFlow's errors call them. */
const TYPE_NAMES: Record<Dtype, string> = {
  float32: 'float',
  float64: 'double',
  int32: 'int32',
  uint8: 'uint8',
  string: 'string',
  int64: 'int64',
  bool: 'bool',
};

const LEAST: Partial<Record<Dtype, number>> = { int32: -(2 ** 31), uint8: 0 };
const MOST: Partial<Record<Dtype, number>> = { int32: 2 ** 31 - 1, uint8: 255 };

/**
 * Reads nested lists into one tensor. The first of the lists at each level says how long the others there must be,
 * and the first value how deep values lie. `read` may be called for one element after another: they must be alike.
 */
export class TensorReader {
  readonly dtype: Dtype;
  /** Of one element. */
  readonly shape: number[] = [];
  #rank = -1;
  readonly #numbers = new Scratch();
  readonly #integers: bigint[] = [];
  readonly #strings: Uint8Array[] = [];
  readonly #floating: boolean;
  readonly #single: boolean;
  readonly #least: number;
  readonly #most: number;

  constructor(dtype: Dtype) {
    this.dtype = dtype;
    this.#floating = dtype === 'float32' || dtype === 'float64';
    this.#single = dtype === 'float32';
    this.#least = LEAST[dtype] ?? 0;
    this.#most = MOST[dtype] ?? 0;
  }

  /** @throws ServingProblem in TensorFlow Serving's words, less the value itself */
  read(cursor: JsonCursor, level = 0): void {
    const letter = cursor.peek();
    if (letter === OPEN_LIST) this.#list(cursor, level);
    else {
      if (this.#rank < 0) this.#rank = level;
      else if (level !== this.#rank) throw this.#misplaced(level);
      this.#value(cursor, letter);
    }
  }

  /** All that was read, with further axes before those of one element. */
  tensor(...axes: number[]): ServingTensor {
    return { dtype: this.dtype, shape: [...axes, ...this.shape], data: this.#data() };
  }

  #list(cursor: JsonCursor, level: number): void {
    if (this.#rank >= 0 && level >= this.#rank) {
      throw invalidArgument(`Encountered list at unexpected level: ${level} expected < ${this.#rank}`);
    }
    cursor.open();
    let count = 0;
    if (cursor.peek() === CLOSE_LIST) {
      cursor.at += 1;
      if (this.#rank < 0) this.#rank = level + 1;
    } else {
      for (let letter = COMMA; letter !== CLOSE_LIST; cursor.at += 1) {
        if (letter !== COMMA)
          throw cursor.error('Missing a comma or ] after an array element.', cursor.at - 1);
        if (this.#floating && level + 1 === this.#rank) {
          const before = this.#numbers.length;
          cursor.peek();
          const closed = readRun(cursor, this.#single, this.#numbers);
          count += this.#numbers.length - before;
          if (closed) break;
        }
        this.read(cursor, level + 1);
        count += 1;
        letter = cursor.peek();
      }
    }
    cursor.close();
    const size = (this.shape[level] ??= count);
    if (count !== size) {
      throw invalidArgument(
        `Encountered list at unexpected size: ${count} at level: ${level} expected size: ${size}`,
      );
    }
  }

  #value(cursor: JsonCursor, letter: number): void {
    if (this.#floating) {
      if (!startsNumber(letter)) throw this.#mistyped(cursor);
      this.#numbers.push(readNumber(cursor, this.#single));
    } else if (this.dtype === 'string') this.#strings.push(this.#string(cursor, letter));
    else if (this.dtype === 'int64') this.#integers.push(this.#int64(cursor, letter));
    else if (this.dtype === 'bool') {
      const type = cursor.type();
      if (type !== 'True' && type !== 'False') throw this.#mistyped(cursor);
      this.#numbers.push(Number(cursor.word()));
    } else {
      if (!startsNumber(letter)) throw this.#mistyped(cursor);
      const value = readNumber(cursor, false);
      if (!lastNumber.integral || value < this.#least || value > this.#most)
        throw this.#mistyped(cursor, 'Number');
      this.#numbers.push(value);
    }
  }

  #string(cursor: JsonCursor, letter: number): Uint8Array {
    if (letter !== OPEN_OBJECT) {
      if (cursor.type() !== 'String') throw this.#mistyped(cursor);
      // What is kept must not keep the whole body with it.
      return new Uint8Array(cursor.string());
    }
    const bytes = cursor.encodedBytes();
    if (!bytes) throw invalidArgument('JSON Value: not formatted correctly for base64 data');
    return new Uint8Array(bytes);
  }

  #int64(cursor: JsonCursor, letter: number): bigint {
    if (!startsNumber(letter)) throw this.#mistyped(cursor);
    const from = cursor.at;
    const value = readNumber(cursor, false);
    if (!lastNumber.integral) throw this.#mistyped(cursor, 'Number');
    if (Number.isSafeInteger(value)) return BigInt(value);
    const exact = BigInt(cursor.bytes.toString('latin1', from, cursor.at));
    if (exact !== BigInt.asIntN(64, exact)) throw this.#mistyped(cursor, 'Number');
    return exact;
  }

  #data(): ServingTensor['data'] {
    switch (this.dtype) {
      case 'string':
        return this.#strings;
      case 'int64':
        return BigInt64Array.from(this.#integers);
      case 'float32':
        return new Float32Array(this.#numbers.take());
      case 'float64':
        return new Float64Array(this.#numbers.take());
      case 'int32':
        return new Int32Array(this.#numbers.take());
      case 'uint8':
      case 'bool':
        return new Uint8Array(this.#numbers.take());
    }
  }

  #misplaced(level: number) {
    return invalidArgument(
      `JSON Value found at incorrect level: ${level + 1} in the JSON DOM. Expected at level: ${this.#rank}`,
    );
  }

  #mistyped(cursor: JsonCursor, type: string = cursor.type()) {
    return invalidArgument(`JSON Value of Type: ${type} is not of expected type: ${TYPE_NAMES[this.dtype]}`);
  }
}

/** A digit, a minus, or the first letter of NaN and Infinity. */
function startsNumber(letter: number): boolean {
  return (letter >= 48 && letter <= 57) || letter === 0x2d || letter === 0x4e || letter === 0x49;
}
