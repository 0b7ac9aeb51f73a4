import type pl from 'nodejs-polars';
import { BadInputError } from '../errors.ts';
import { Columns } from '../lake/parquet.ts';

const HOUR = 3600;
/** A timestamp far off (a wrong unit, a wrong century) would ask for gigabytes of missing hours. */
const LONGEST_SPAN_HOURS = 100 * 8766;

/** One region of a frame on a grid without gaps. */
export interface RegionHours {
  region: string;
  /** The region's rows in the frame. */
  from: number;
  rows: number;
  /** The first hour's end, seconds since 1970 UTC. */
  first: number;
  hours: number;
  /** Each row's hour end. */
  seconds: Float64Array;
  /** Which hour each row is; absent when every hour has its row. */
  rowHours: Int32Array | undefined;
}

/**
 * The regions of a frame, rows in order of region and time; sorts the frame when they are not. Refuses null,
 * doubled and off-the-hour timestamps.
 */
export function regionHours(frame: pl.DataFrame): { frame: pl.DataFrame; regions: RegionHours[] } {
  if (frame.height === 0) {
    throw new BadInputError('The frame has no rows.', 'Give hourly rows of at least one region.');
  }
  requireTimestamps(frame);
  const asGiven = read(frame);
  if (asGiven.sorted)
    return { frame, regions: asGiven.blocks.map((block) => onGrid(block, asGiven.seconds)) };
  const sorted = frame.sort(['region', 'timestamp']);
  const { blocks, seconds } = read(sorted);
  return { frame: sorted, regions: blocks.map((block) => onGrid(block, seconds)) };
}

interface Block {
  region: string;
  from: number;
  rows: number;
}

function requireTimestamps(frame: pl.DataFrame): void {
  const type = frame.getColumn('timestamp').dtype.toString();
  if (!/Datetime/.test(type)) {
    throw new BadInputError(
      `The column timestamp has type ${type}.`,
      "Give datetimes in UTC that name each hour's end.",
    );
  }
  for (const name of ['timestamp', 'region']) {
    const nulls = frame.getColumn(name).nullCount();
    if (nulls > 0) {
      throw new BadInputError(`The column ${name} is null in ${nulls} rows.`, 'Leave those rows out.');
    }
  }
}

function read(frame: pl.DataFrame): { sorted: boolean; blocks: Block[]; seconds: Float64Array } {
  const columns = new Columns(frame.select('timestamp', 'region'));
  const seconds = columns.seconds('timestamp');
  const { codes, labels } = columns.categories('region');
  const blocks: Block[] = [];
  const seen = new Set<number>();
  let sorted = true;
  for (let i = 0; i < codes.length; i++) {
    const block = blocks.at(-1);
    if (block && codes[i] === codes[i - 1]) {
      if (seconds[i]! < seconds[i - 1]!) sorted = false;
      block.rows++;
      continue;
    }
    if (seen.has(codes[i]!)) sorted = false;
    if (!sorted) break;
    seen.add(codes[i]!);
    blocks.push({ region: labels[codes[i]!]!, from: i, rows: 1 });
  }
  return { sorted, blocks, seconds };
}

function onGrid({ region, from, rows }: Block, seconds: Float64Array): RegionHours {
  const first = seconds[from]!;
  const hours = (seconds[from + rows - 1]! - first) / HOUR + 1;
  if (hours > LONGEST_SPAN_HOURS) {
    throw new BadInputError(
      `The timestamps of ${region} span ${Math.round(hours / 8766)} years.`,
      'Check their unit and their first and last values.',
    );
  }
  let previous = Number.NEGATIVE_INFINITY;
  for (let i = from; i < from + rows; i++) {
    const time = seconds[i]!;
    if (time % HOUR !== 0) {
      throw new BadInputError(`${region} has a row at ${iso(time)}.`, 'Give whole hours only.');
    }
    if (time === previous) {
      throw new BadInputError(
        `${region} has more than one row for ${iso(time)}.`,
        'Keep one row an hour and region.',
      );
    }
    previous = time;
  }
  const rowHours =
    hours === rows
      ? undefined
      : Int32Array.from({ length: rows }, (_, row) => (seconds[from + row]! - first) / HOUR);
  return { region, from, rows, first, hours, seconds: seconds.subarray(from, from + rows), rowHours };
}

const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
