import { fork, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { REGIONS, type RegionCode } from '../src/contracts/regions.ts';
import { RingwattError, UnavailableError } from '../src/errors.ts';
import { DAY_TYPES, SEASONS } from '../src/features/calendar.ts';
import { EnergyFeatureEngineer } from '../src/features/engineer.ts';
import { holidaysOf } from '../src/features/holidays.ts';
import { numericColumns } from '../src/features/numeric-columns.ts';
import { readFrame, writeColumns } from '../src/lake/parquet.ts';
import { median, type BenchOptions, type Measure } from './measure.ts';

export const name = 'features';

const BENCH_REGIONS: RegionCode[] = ['PACW', 'ERCO', 'CAL', 'CISO', 'MISO'];
const FIRST_YEAR = 2019;
const LAST_YEAR = 2025;
const ROUNDS = 9;
const PEER = fileURLToPath(new URL('features_polars.py', import.meta.url));
const INSTALL = 'python3 -m venv V && V/bin/pip install polars tzdata, then --python V/bin/python';
/** Relative; both compute in 64 bits, in another order of additions. */
const TOLERANCE = 1e-6;

interface Round {
  seconds: number;
  /** Of the whole process since it started, its input included. */
  peakMb: number;
}

/** What the other side says of a run; `tail` is each region's last row, the text columns left out. */
interface Reply extends Round {
  rows: number;
  columns: string[];
  nulls: number[];
  tail: (number | null)[][];
  version?: string;
  variant?: string;
}

type Dtype = 'float32' | 'float64';

/**
 * 306,840 rows to 153 columns, beside the same expressions in Python polars: the peer builds them from this project's
 * catalogue and runs them the faster of two ways (all regions in one frame with `over`, or a frame a region).
 */
export async function run({ python, say }: BenchOptions): Promise<Measure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ringwatt-bench-'));
  try {
    const input = join(folder, 'input.parquet');
    const rows = await writeInput(input);
    const results: Measure[] = [];
    for (const dtype of ['float32', 'float64'] as const) {
      say(`features: ${rows} rows, ${dtype}`);
      results.push(...(await compare(input, folder, dtype, python, say)));
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compare(
  input: string,
  folder: string,
  dtype: Dtype,
  python: string,
  say: BenchOptions['say'],
): Promise<Measure[]> {
  const plan = join(folder, `plan-${dtype}.json`);
  await writeFile(plan, JSON.stringify(planOf(dtype)));
  const ours = new Side(
    fork(fileURLToPath(import.meta.url), [input, dtype], {
      execArgv: ['--expose-gc'],
      stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
    }),
  );
  const theirs = new Side(spawn(python, [PEER, input, plan], { stdio: ['pipe', 'pipe', 'pipe'] }));
  try {
    const mine: Round[] = [];
    const peer = new Map<string, Round[]>();
    let version = '';
    for (let round = 0; round < ROUNDS; round++) {
      const own = await ours.ask('run');
      const others = await theirs.askAll(['over', 'regions']);
      if (!others) return [alone(dtype, [...mine, own])];
      if (round === 0) for (const other of others) requireSame(own, other);
      // The first round is for both to warm up.
      if (round === 0) continue;
      mine.push(own);
      for (const other of others) {
        version = other.version ?? version;
        peer.set(other.variant!, [...(peer.get(other.variant!) ?? []), other]);
      }
      say(
        `  round ${round}: ours ${own.seconds.toFixed(3)} s, theirs ${others.map(({ variant, seconds }) => `${variant} ${seconds.toFixed(3)} s`).join(', ')}`,
      );
    }
    const [variant, best] = [...peer].toSorted(([, a], [, b]) => secondsOf(a) - secondsOf(b))[0]!;
    return measures(
      dtype,
      mine,
      best,
      `Python polars ${version}, ${variant === 'over' ? 'one frame with over()' : 'a frame a region'}`,
    );
  } finally {
    ours.end();
    theirs.end();
  }
}

function measures(dtype: Dtype, ours: Round[], theirs: Round[], peer: string): Measure[] {
  const seconds = secondsOf(ours);
  const peerSeconds = secondsOf(theirs);
  const megabytes = Math.round(ours.at(-1)!.peakMb);
  const ratio = peerSeconds / seconds;
  return [
    {
      measure: `306,840 rows × 153 columns, ${dtype}`,
      ours: seconds,
      spread: spreadOf(ours),
      peer,
      theirs: peerSeconds,
      unit: 's',
      ratio,
      floor: 1,
      holds: ratio >= 1,
      note: `Medians of ${ours.length} alternate rounds after one to warm up. Peak memory of the process: ${megabytes} MB, the peer's ${Math.round(theirs.at(-1)!.peakMb)} MB (which ran both of its ways).`,
    },
  ];
}

function alone(dtype: Dtype, ours: Round[]): Measure {
  return {
    measure: `306,840 rows × 153 columns, ${dtype}`,
    ours: secondsOf(ours),
    spread: spreadOf(ours),
    peer: 'Python polars',
    theirs: null,
    unit: 's',
    ratio: null,
    floor: 1,
    holds: null,
    note: `Peak memory ${Math.round(ours.at(-1)!.peakMb)} MB. The peer is not installed: ${INSTALL}`,
  };
}

const secondsOf = (rounds: Round[]) => median(rounds.map(({ seconds }) => seconds));
const spreadOf = (rounds: Round[]): [number, number] => {
  const all = rounds.map(({ seconds }) => seconds);
  return [Math.min(...all), Math.max(...all)];
};

/** What the peer needs to build the same expressions. */
function planOf(dtype: Dtype) {
  const engineer = new EnergyFeatureEngineer({ dtype });
  const years = Array.from({ length: LAST_YEAR - FIRST_YEAR + 3 }, (_, i) => FIRST_YEAR - 1 + i);
  return {
    dtype,
    catalogue: engineer.catalogue(),
    timeZones: Object.fromEntries(BENCH_REGIONS.map((region) => [region, REGIONS[region].timeZone])),
    holidays: years.flatMap((year) => [...holidaysOf(year)]),
    seasons: SEASONS,
    dayTypes: DAY_TYPES,
  };
}

/** Five regions, 2019 to 2025: daily and weekly waves with noise from a fixed seed. */
async function writeInput(path: string): Promise<number> {
  const first = Date.UTC(FIRST_YEAR, 0, 1, 1) / 1000;
  const hours = (Date.UTC(LAST_YEAR + 1, 0, 1, 0) / 1000 - first) / 3600 + 1;
  const rows = hours * BENCH_REGIONS.length;
  let seed = 1;
  const noise = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const series = (mean: number, swing: number) => ({
    type: 'f64' as const,
    values: Float64Array.from(
      { length: rows },
      (_, i) =>
        mean + swing * (Math.sin((2 * Math.PI * i) / 24) + 0.3 * Math.sin((2 * Math.PI * i) / 168) + noise()),
    ),
  });
  return writeColumns(path, {
    timestamp: {
      type: 'timestamp',
      values: Float64Array.from({ length: rows }, (_, i) => first + (i % hours) * 3600),
    },
    region: {
      type: 'category',
      codes: Int32Array.from({ length: rows }, (_, i) => Math.floor(i / hours)),
      labels: BENCH_REGIONS,
    },
    demand_mw: series(20_000, 4000),
    generation_mw: series(21_000, 3000),
    solar_mw: series(3000, 1000),
    wind_mw: series(5000, 2000),
  });
}

/** A process that answers a line with a line. */
class Side {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #complaint = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.on('data', (chunk: Buffer) => (this.#complaint += chunk.toString()));
    // A peer that cannot be started ends its output, which `askAll` reports.
    child.on('error', (error) => (this.#complaint += error.message));
    child.stdin?.on('error', () => {});
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  async ask(command: string): Promise<Reply> {
    this.#child.stdin!.write(`${command}\n`);
    const { value, done } = await this.#lines.next();
    if (!done) return JSON.parse(value) as Reply;
    throw new UnavailableError(
      `A side of the benchmark ended: ${this.#complaint.trim().slice(-400)}.`,
      'Run it again.',
    );
  }

  /** Undefined when the interpreter or its polars is not there. */
  async askAll(commands: string[]): Promise<Reply[] | undefined> {
    try {
      const replies: Reply[] = [];
      for (const command of commands) replies.push(await this.ask(command));
      return replies;
    } catch (error) {
      if (/ENOENT|EACCES|No module named/.test(this.#complaint)) return undefined;
      throw error;
    }
  }

  end(): void {
    this.#child.stdin?.end();
  }
}

/** Both sides have to have made the same table, or their times say nothing. */
function requireSame(ours: Reply, theirs: Reply): void {
  const differ = (what: string) => {
    throw new DifferentTables(`The two sides differ in ${what}.`, 'Correct bench/features_polars.py.');
  };
  if (ours.rows !== theirs.rows) differ(`rows: ${ours.rows}, ${theirs.rows}`);
  ours.columns.forEach((column, i) => {
    if (theirs.columns[i] !== column) differ(`column ${i}: ${column}, ${theirs.columns[i]}`);
    if (ours.nulls[i] !== theirs.nulls[i]) differ(`nulls of ${column}: ${ours.nulls[i]}, ${theirs.nulls[i]}`);
    ours.tail[i]!.forEach((value, row) => {
      const other = theirs.tail[i]![row]!;
      const scale = Math.max(1, Math.abs(Number(value)));
      if (
        (value === null) !== (other === null) ||
        Math.abs(Number(value) - Number(other)) > TOLERANCE * scale
      ) {
        differ(`${column}: ${value}, ${other}`);
      }
    });
  });
}

class DifferentTables extends RingwattError {}

/** Our side: `features.ts INPUT DTYPE`, a line in, a line out. */
async function serve(input: string, dtype: Dtype): Promise<void> {
  const engineer = new EnergyFeatureEngineer({ dtype });
  const frame = await readFrame(input);
  for await (const _line of createInterface({ input: process.stdin })) {
    globalThis.gc?.();
    const begun = performance.now();
    const made = engineer.createAllFeatures(frame);
    const seconds = (performance.now() - begun) / 1000;
    const columns = engineer.catalogue().flatMap((entry) => (entry.numeric ? [entry.name] : []));
    const hours = made.height / BENCH_REGIONS.length;
    const ends = BENCH_REGIONS.map((_, i) => made.slice((i + 1) * hours - 1, 1));
    const last = ends.map((row) => numericColumns(row, columns).map(([value]) => value!));
    const counts = made.nullCount().toRecords()[0] as Record<string, number>;
    const reply: Reply = {
      seconds,
      peakMb: process.resourceUsage().maxRSS / 1024,
      rows: made.height,
      columns,
      nulls: columns.map((column) => counts[column]!),
      tail: columns.map((_, i) => last.map((row) => (Number.isNaN(row[i]) ? null : row[i]!))),
    };
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
  process.disconnect();
}

if (import.meta.main) await serve(process.argv[2]!, process.argv[3] as Dtype);
