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
import { dealPositions, PADDING, type Deal } from './ring-layout.ts';

const HOURS_OF_A_YEAR = 8760;

const ringOptions = z.strictObject({
  sequenceLength: z.number().int().min(1).default(HOURS_OF_A_YEAR).describe('Hours: 8,784 for a leap year'),
  stride: z.number().int().min(1).optional().describe('Default: the sequence length, so that none overlap'),
  ringSize: z.number().int().min(1).default(2).describe('Ranks that share a sequence'),
  layout: z.enum(['contiguous', 'zigzag', 'striped']).default('zigzag'),
  ...matrixOptions,
});
export type RingSequenceOptions = z.input<typeof ringOptions>;

/** What one rank holds of a sequence. */
export interface RingPart {
  rank: number;
  worldSize: number;
  /** The position in the sequence of every token; −1 is padding. */
  positions: Int32Array;
  /** 1 for a token that is an hour, 0 for padding. */
  mask: Uint8Array;
  /** tokens × features, row-major; padding is 0. */
  inputs: FloatArray;
  /** tokens × features: every token's next hour; 0 where `targetMask` is. */
  targets: FloatArray;
  /** 1 where the next hour is there: not for padding, and not for the last hour of the data. */
  targetMask: Uint8Array;
}

/** Deals year-long sequences out to the ranks of a ring. */
export class RingAttentionSequenceGenerator {
  readonly #options: z.output<typeof ringOptions>;

  /** @throws BadInputError on an unknown or wrong option */
  constructor(options: RingSequenceOptions = {}) {
    const parsed = ringOptions.safeParse(options);
    if (!parsed.success) {
      throw new BadInputError(
        `The ring sequence settings are wrong: ${describeIssues(parsed.error.issues)}.`,
        'Correct them.',
      );
    }
    this.#options = parsed.data;
  }

  /**
   * The sequences of a frame. A sequence needs no hour after it: its last hour then has no target.
   * @param frame `timestamp`, `region`, numeric columns; sorted by region and time
   * @throws BadInputError when the frame is empty, unsorted, or has no stretch of hours that is long enough
   */
  createRingSequences(frame: pl.DataFrame): RingSequences {
    const { sequenceLength, stride = sequenceLength, ringSize, layout, ...options } = this.#options;
    const matrix = hourlyMatrix(frame, options);
    const starts = matrix.runs.flatMap((run) => {
      const count = Math.max(0, Math.floor((run.rows - sequenceLength) / stride) + 1);
      return Array.from({ length: count }, (_, i) => ({ run, row: run.from + i * stride }));
    });
    if (starts.length === 0) {
      const longest = Math.max(...matrix.runs.map(({ rows }) => rows));
      throw new BadInputError(
        `The longest stretch of hours without a gap has ${longest}, a sequence ${sequenceLength}.`,
        'Give more hours, or ask for shorter sequences.',
      );
    }
    return new RingSequences(matrix, starts, dealPositions(sequenceLength, ringSize, layout), sequenceLength);
  }
}

export class RingSequences implements Iterable<RingSequence> {
  readonly featureNames: string[];
  readonly scaling: Scaling | undefined;
  readonly tokensPerRank: number;
  readonly #matrix: HourlyMatrix;
  readonly #starts: { run: Run; row: number }[];
  readonly #deal: Deal;
  readonly #sequenceLength: number;

  constructor(matrix: HourlyMatrix, starts: { run: Run; row: number }[], deal: Deal, sequenceLength: number) {
    this.featureNames = matrix.features;
    this.scaling = matrix.scaling;
    this.tokensPerRank = deal.tokensPerRank;
    this.#matrix = matrix;
    this.#starts = starts;
    this.#deal = deal;
    this.#sequenceLength = sequenceLength;
  }

  get length(): number {
    return this.#starts.length;
  }

  at(index: number): RingSequence {
    const start = this.#starts[index];
    if (!start) {
      throw new BadInputError(`There is no sequence ${index}.`, `There are ${this.length}, counted from 0.`);
    }
    return new RingSequence(this.#matrix, start, this.#deal, this.#sequenceLength);
  }

  *[Symbol.iterator](): Iterator<RingSequence> {
    for (let index = 0; index < this.length; index++) yield this.at(index);
  }
}

/** One sequence; a rank's part is copied out when it is asked for, so that no process holds more than its share. */
export class RingSequence {
  readonly region: string;
  /** The first hour's end. */
  readonly start: Date;
  readonly worldSize: number;
  readonly #matrix: HourlyMatrix;
  readonly #run: Run;
  readonly #row: number;
  readonly #deal: Deal;
  readonly #length: number;

  constructor(matrix: HourlyMatrix, { run, row }: { run: Run; row: number }, deal: Deal, length: number) {
    this.region = run.region;
    this.start = new Date((run.first + (row - run.from) * HOUR_SECONDS) * 1000);
    this.worldSize = deal.positions.length;
    this.#matrix = matrix;
    this.#run = run;
    this.#row = row;
    this.#deal = deal;
    this.#length = length;
  }

  /** The whole sequence, hours × features: a view. */
  get input(): FloatArray {
    const width = this.#matrix.features.length;
    return this.#matrix.data.subarray(this.#row * width, (this.#row + this.#length) * width);
  }

  part(rank: number): RingPart {
    const positions = this.#deal.positions[rank];
    if (!positions) {
      throw new BadInputError(`There is no rank ${rank}.`, `The ring has ${this.worldSize}, counted from 0.`);
    }
    const { data, features } = this.#matrix;
    const width = features.length;
    const array = data.constructor as { new (length: number): FloatArray };
    const last = this.#run.from + this.#run.rows - 1;
    const part: RingPart = {
      rank,
      worldSize: this.worldSize,
      positions,
      mask: Uint8Array.from(positions, (position) => Number(position !== PADDING)),
      inputs: new array(positions.length * width),
      targets: new array(positions.length * width),
      targetMask: new Uint8Array(positions.length),
    };
    positions.forEach((position, token) => {
      if (position === PADDING) return;
      const row = this.#row + position;
      part.inputs.set(data.subarray(row * width, (row + 1) * width), token * width);
      if (row === last) return;
      part.targets.set(data.subarray((row + 1) * width, (row + 2) * width), token * width);
      part.targetMask[token] = 1;
    });
    return part;
  }

  parts(): RingPart[] {
    return Array.from({ length: this.worldSize }, (_, rank) => this.part(rank));
  }
}

/**
 * Puts the parts of all ranks together again: hours × features, in the order of the hours.
 * @throws BadInputError when a rank is missing or doubled
 */
export function joinRingParts(parts: readonly RingPart[]): FloatArray {
  const [first] = parts;
  const ranks = new Set(parts.map(({ rank }) => rank));
  if (!first || ranks.size !== parts.length || parts.length !== first.worldSize) {
    throw new BadInputError(
      `The parts are of the ranks ${parts.map(({ rank }) => rank).join(', ') || '(none)'}.`,
      `Give each of the ${first?.worldSize ?? ''} ranks' parts once.`,
    );
  }
  const width = first.inputs.length / first.positions.length;
  const hours = parts.reduce((sum, { mask }) => sum + mask.reduce((count, bit) => count + bit, 0), 0);
  const whole = new (first.inputs.constructor as { new (length: number): FloatArray })(hours * width);
  for (const { positions, inputs } of parts) {
    positions.forEach((position, token) => {
      if (position !== PADDING)
        whole.set(inputs.subarray(token * width, (token + 1) * width), position * width);
    });
  }
  return whole;
}
