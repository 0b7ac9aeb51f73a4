import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { LostAndFound } from '../contracts/training.ts';
import { RingBrokenError } from '../errors.ts';
import type { Home } from '../lake/home.ts';

/** What one epoch of a run's ring tells those who come after it. */
const journalEntry = z.strictObject({
  epoch: z.number().int().nonnegative(),
  /** The step the ring began at, and where it had that from. */
  resumedAt: z.number().int().nonnegative(),
  from: z.enum(['seed', 'checkpoint', 'memory']),
  /** Steps begun, the one in hand included. */
  begun: z.number().int().nonnegative(),
  /** The ring's last checkpoint holds all that it has done. */
  ended: z.boolean(),
  ringSize: z.number().int().positive(),
  numerics: z.string(),
});
export type JournalEntry = z.infer<typeof journalEntry>;

/** A longer entry is cut by no system call that a kill can come between: one page, written at once. */
const ENTRY_BYTES = 512;

/** The epochs of a run whose rings came about, oldest first. What is torn, or is not an entry, is left out. */
export async function readJournal(home: Home, runId: string): Promise<JournalEntry[]> {
  const epochs = await epochsOf(home, runId);
  const entries = await Promise.all(
    epochs.map(async (epoch) => parseEntry(await readFile(pathOf(home, runId, epoch), 'utf8').catch(noFile))),
  );
  return entries.filter((entry) => entry !== undefined);
}

/** What broken rings have cost: see `docs/recovery.md`. */
export function lostAndFound(entries: readonly JournalEntry[]): LostAndFound {
  const total = { stepsLost: 0, fullRestarts: 0, restarts: 0 };
  for (const [index, entry] of entries.entries()) {
    const before = entries[index - 1];
    if (!before) continue;
    total.stepsLost += Math.max(0, before.begun - entry.resumedAt);
    if (before.ended) continue;
    total.restarts += 1;
    if (entry.from !== 'memory') total.fullRestarts += 1;
  }
  return total;
}

/** Rank 0's pen: it says at every step how far its epoch has come. Nothing is synced, a lost entry only miscounts. */
export class JournalWriter {
  readonly #file: number;
  #entry: JournalEntry;

  private constructor(file: number, entry: JournalEntry) {
    this.#file = file;
    this.#entry = entry;
  }

  /** Begins the entry of an epoch whose ring has just been formed. */
  static async open(home: Home, runId: string, entry: JournalEntry): Promise<JournalWriter> {
    await mkdir(home.path(folderOf(runId)), { recursive: true, mode: 0o700 });
    await requireNewest(home, runId, entry.epoch);
    const writer = new JournalWriter(openSync(pathOf(home, runId, entry.epoch), 'w', 0o600), entry);
    writer.#write();
    return writer;
  }

  begin(step: number): void {
    this.#entry = { ...this.#entry, begun: step + 1 };
    this.#write();
  }

  end(): void {
    this.#entry = { ...this.#entry, ended: true };
    this.#write();
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Through the open file, so that whoever wakes after the run was finished brings no folder back to life. */
  #write(): void {
    writeSync(this.#file, `${JSON.stringify(this.#entry).padEnd(ENTRY_BYTES - 1)}\n`, 0);
  }
}

/** Throws when a later ring of the run has been formed: its slots have gone on without whoever asks. */
export async function requireNewest(home: Home, runId: string, epoch: number): Promise<void> {
  const newest = (await epochsOf(home, runId)).at(-1) ?? epoch;
  if (newest > epoch) {
    throw new RingBrokenError(
      `Run ${runId} has gone on under epoch ${newest} without the ring of epoch ${epoch}.`,
      'This slot joins the next ring.',
    );
  }
}

async function epochsOf(home: Home, runId: string): Promise<number[]> {
  const names = await readdir(home.path(folderOf(runId))).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
}

function parseEntry(text: string): JournalEntry | undefined {
  try {
    return journalEntry.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Deleted between the listing and the reading. */
function noFile(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}

const folderOf = (runId: string) => `checkpoints/${runId}/journal`;
const pathOf = (home: Home, runId: string, epoch: number) => home.path(`${folderOf(runId)}/${epoch}.json`);
