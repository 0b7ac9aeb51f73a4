import type pl from 'nodejs-polars';
import { z } from 'zod';
import { HOUR_SECONDS } from '../contracts/time.ts';
import { BadInputError, describeIssues } from '../errors.ts';
import {
  hourlyMatrix,
  matrixOptions,
  type FloatArray,
  type HourlyMatrix,
  type Run,
  type Scaling,
} from './hourly-matrix.ts';

const hours = z.number().int().min(1);
const sequenceOptions = z.strictObject({
  sequenceLength: hours.default(168).describe('Hours a sequence shows: a week'),
  stride: hours.default(24).describe('Hours between the starts of two sequences'),
  horizon: hours.default(1).describe('Hours after a sequence that are its target'),
  targetColumns: z.array(z.string()).min(1).optional().describe('Default: all features'),
  ...matrixOptions,
});
export type SequenceOptions = z.input<typeof sequenceOptions>;

export interface Sequence {
  region: string;
  /** The first hour's end. */
  start: Date;
  /** sequenceLength × features, row-major: a view. */
  input: FloatArray;
  /** features of the hour after (horizon 1), or horizon × features: a view. */
  target: FloatArray;
}

export interface Batch {
  sequences: Sequence[];
  /** (batch, sequence, features) and (batch, features), or (batch, horizon, features) for more hours than one. */
  inputShape: [number, number, number];
  targetShape: [number, number] | [number, number, number];
  /** Copies the views into two contiguous arrays of these shapes, for a tensor library. */
  stack(): { inputs: FloatArray; targets: FloatArray };
}

/** Cuts hourly feature tables into training sequences. */
export class SequenceGenerator {
  readonly #options: z.output<typeof sequenceOptions>;

  /** @throws BadInputError on an unknown or wrong option */
  constructor(options: SequenceOptions = {}) {
    const parsed = sequenceOptions.safeParse(options);
    if (!parsed.success) {
      throw new BadInputError(
        `The sequence settings are wrong: ${describeIssues(parsed.error.issues)}.`,
        'Correct them.',
      );
    }
    this.#options = parsed.data;
  }

  /**
   * All sequences of a frame: `stride` hours apart within every stretch of hours without a gap, each with `horizon`
   * hours after it. None crosses from one region, or over a gap, into another.
   * @param frame `timestamp`, `region`, numeric columns; sorted by region and time
   * @throws BadInputError when the frame is empty, unsorted, too short, or lacks a target column
   */
  createSequences(frame: pl.DataFrame): EnergySequences {
    const { sequenceLength, stride, horizon, targetColumns, ...options } = this.#options;
    const matrix = hourlyMatrix(frame, options);
    const targets = targetsOf(matrix, targetColumns);
    const starts = matrix.runs.flatMap((run) =>
      Array.from({ length: countOf(run, sequenceLength, horizon, stride) }, (_, i) => ({
        run,
        row: run.from + i * stride,
      })),
    );
    if (starts.length === 0) {
      const longest = Math.max(...matrix.runs.map(({ rows }) => rows));
      throw new BadInputError(
        `The longest stretch of hours without a gap has ${longest}; a sequence of ${sequenceLength} and the ${horizon} to predict need ${sequenceLength + horizon}.`,
        'Give more hours, or ask for shorter sequences.',
      );
    }
    return new EnergySequences(matrix, targets, starts, sequenceLength, horizon);
  }
}

interface Targets {
  names: string[];
  data: FloatArray;
}

/** The sequences of a frame: windows on one buffer, so that memory does not grow with their overlap. */
export class EnergySequences implements Iterable<Sequence> {
  readonly featureNames: string[];
  readonly targetNames: string[];
  readonly sequenceLength: number;
  readonly horizon: number;
  /** For other frames of the same columns; undefined when nothing was scaled. */
  readonly scaling: Scaling | undefined;
  readonly #matrix: HourlyMatrix;
  readonly #targets: Targets;
  readonly #starts: { run: Run; row: number }[];

  constructor(
    matrix: HourlyMatrix,
    targets: Targets,
    starts: { run: Run; row: number }[],
    sequenceLength: number,
    horizon: number,
  ) {
    this.featureNames = matrix.features;
    this.targetNames = targets.names;
    this.sequenceLength = sequenceLength;
    this.horizon = horizon;
    this.scaling = matrix.scaling;
    this.#matrix = matrix;
    this.#targets = targets;
    this.#starts = starts;
  }

  /** How many there are. */
  get length(): number {
    return this.#starts.length;
  }

  /** [sequences, hours, features] */
  get shape(): [number, number, number] {
    return [this.length, this.sequenceLength, this.featureNames.length];
  }

  /** Memory of the buffers that all sequences look at. */
  get bytes(): number {
    const { data } = this.#targets;
    return this.#matrix.data.byteLength + (data === this.#matrix.data ? 0 : data.byteLength);
  }

  at(index: number): Sequence {
    const start = this.#starts[index];
    if (!start) {
      throw new BadInputError(`There is no sequence ${index}.`, `There are ${this.length}, counted from 0.`);
    }
    const { run, row } = start;
    const end = row + this.sequenceLength;
    const width = this.featureNames.length;
    const targetWidth = this.targetNames.length;
    return {
      region: run.region,
      start: new Date((run.first + (row - run.from) * HOUR_SECONDS) * 1000),
      input: this.#matrix.data.subarray(row * width, end * width),
      target: this.#targets.data.subarray(end * targetWidth, (end + this.horizon) * targetWidth),
    };
  }

  *[Symbol.iterator](): Iterator<Sequence> {
    for (let index = 0; index < this.length; index++) yield this.at(index);
  }

  /** The sequences in groups of `size`; the last may be smaller. */
  *batches(size: number): Iterable<Batch> {
    if (!Number.isInteger(size) || size < 1) {
      throw new BadInputError(`A batch of ${size} cannot be.`, 'Give a whole number, at least 1.');
    }
    for (let from = 0; from < this.length; from += size) {
      const count = Math.min(size, this.length - from);
      yield this.#batch(Array.from({ length: count }, (_, i) => this.at(from + i)));
    }
  }

  /** All of them, copied into contiguous arrays: as large as their overlap makes it. */
  stack(): { inputs: FloatArray; targets: FloatArray } {
    return this.#batch([...this]).stack();
  }

  #batch(sequences: Sequence[]): Batch {
    const count = sequences.length;
    const targetWidth = this.targetNames.length;
    return {
      sequences,
      inputShape: [count, this.sequenceLength, this.featureNames.length],
      targetShape: this.horizon === 1 ? [count, targetWidth] : [count, this.horizon, targetWidth],
      stack: () => ({
        inputs: stacked(sequences.map(({ input }) => input)),
        targets: stacked(sequences.map(({ target }) => target)),
      }),
    };
  }
}

/** ⌊(hours − length − horizon)/stride⌋ + 1, or none. */
function countOf({ rows }: Run, length: number, horizon: number, stride: number): number {
  const room = rows - length - horizon;
  return room < 0 ? 0 : Math.floor(room / stride) + 1;
}

function targetsOf({ features, data }: HourlyMatrix, columns: string[] | undefined): Targets {
  if (!columns) return { names: features, data };
  const indices = columns.map((name) => features.indexOf(name));
  const missing = columns.filter((_name, i) => indices[i]! < 0);
  if (missing.length) {
    throw new BadInputError(
      `The frame has no numeric column ${missing.join(', ')} to predict.`,
      `It has ${features.length}, such as ${features.slice(0, 5).join(', ')}.`,
    );
  }
  const width = features.length;
  const chosen = data.constructor as { new (length: number): FloatArray };
  const result = new chosen((data.length / width) * columns.length);
  for (let at = 0, row = 0; at < result.length; at += columns.length, row += width) {
    indices.forEach((index, i) => (result[at + i] = data[row + index]!));
  }
  return { names: columns, data: result };
}

function stacked(views: FloatArray[]): FloatArray {
  const first = views[0]!;
  const result = new (first.constructor as { new (length: number): FloatArray })(first.length * views.length);
  views.forEach((view, i) => result.set(view, i * first.length));
  return result;
}
