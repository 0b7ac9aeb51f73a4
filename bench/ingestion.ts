import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { UnavailableError } from '../src/errors.ts';
import type { RunFigures } from './ingestion/client.ts';
import { median, type BenchOptions, type Measure } from './measure.ts';

export const name = 'ingestion';

const ROUNDS = 3;
const LEAST_RECORDS_PER_SECOND = 100_000;
const MOST_MEMORY_MB = 512;
/** What the source document reports of its own system; over the real network, so no peer of this figure. */
const SOURCE_DOCUMENT = 'the source document reports 4,051 records/s, over the real network';

const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/**
 * The whole shipped record, from the archive server in a process of its own to Parquet files and the manifest that
 * makes a dataset of them, without a rate limit. Each round begins with an empty home and a new client process.
 */
export async function run({ say }: BenchOptions): Promise<Measure[]> {
  const server = spawn(process.execPath, [pathOf('../src/sources/archive/main.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const url = await addressOf(server);
    const rounds: RunFigures[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const figures = await ingestOnce(url);
      rounds.push(figures);
      say(
        `round ${round}: ${figures.records} records in ${figures.seconds.toFixed(2)} s, ${figures.memoryMb} MB, ${figures.cpuSeconds.toFixed(2)} s of CPU`,
      );
    }
    const speed = rounds.map(({ records, seconds }) => Math.round(records / seconds));
    const memory = rounds.map(({ memoryMb }) => memoryMb);
    const processor = rounds.map(({ records, cpuSeconds }) => Math.round(records / cpuSeconds));
    return [
      atLeast('records a second, archive server to Parquet', speed, LEAST_RECORDS_PER_SECOND, 'records/s'),
      atMost('peak resident memory of the client process', memory, MOST_MEMORY_MB, 'MB'),
      {
        ...atLeast('records a second of processor time', processor, LEAST_RECORDS_PER_SECOND, 'records/s'),
        note: 'all threads of the client together; does not depend on what else the machine is doing',
      },
    ];
  } finally {
    server.kill();
  }
}

async function addressOf(server: ChildProcess): Promise<string> {
  const [said] = (await Promise.race([once(server.stdout!, 'data'), once(server, 'exit')])) as [unknown];
  if (!Buffer.isBuffer(said)) {
    throw new UnavailableError('The archive server did not start.', 'Its own message stands above.');
  }
  return (JSON.parse(said.toString()) as { url: string }).url;
}

async function ingestOnce(url: string): Promise<RunFigures> {
  const home = await mkdtemp(join(tmpdir(), 'ringwatt-bench-'));
  try {
    const client = spawn(process.execPath, [pathOf('ingestion/client.ts'), home, url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return (await json(client.stdout)) as RunFigures;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

function atLeast(measure: string, figures: number[], target: number, unit: string): Measure {
  const ratio = median(figures) / target;
  return { ...against(measure, figures, target, unit), ratio, holds: ratio >= 1, note: SOURCE_DOCUMENT };
}

function atMost(measure: string, figures: number[], target: number, unit: string): Measure {
  const ratio = target / median(figures);
  return { ...against(measure, figures, target, unit), ratio, holds: ratio >= 1 };
}

const against = (measure: string, figures: number[], target: number, unit: string) => ({
  measure,
  ours: median(figures),
  spread: [Math.min(...figures), Math.max(...figures)] as [number, number],
  peer: null,
  theirs: target,
  unit,
  floor: 1,
});
