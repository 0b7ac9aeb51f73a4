import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { LostAndFound } from '../../contracts/training.ts';
import { RingBrokenError, StorageError } from '../../errors.ts';
import type { Home } from '../../lake/home.ts';
import { storageFailure, unlessGone } from '../../lake/storage-failure.ts';

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

/** Every entry fills the same bytes, less than a page, in one write: a kill leaves the one before it or the new one. */
const ENTRY_BYTES = 512;

/** The epochs of a run whose rings came about, oldest first. What is torn, or is not an entry, is left out. */
export async function readJournal(home: Home, runId: string): Promise<JournalEntry[]> {
  const epochs = await epochsOf(home, runId);
  const entries = await Promise.all(
    epochs.map(async (epoch) => {
      const path = pathOf(home, runId, epoch);
      return parseEntry(await readFile(path, 'utf8').catch(unlessGone(path, '')));
    }),
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

/**
 * Steps that the run's rings have taken in all, those that were lost again included. A ring that has gone back to a
 * checkpoint gains here from its first step on, not only when it is where an earlier one was.
 */
export function stepsTaken(entries: readonly JournalEntry[]): number {
  let total = 0;
  for (const [index, { resumedAt, begun, ended }] of entries.entries()) {
    const after = entries[index + 1];
    // The step in hand was taken where the ring ended with it, or where whoever came after had it.
    const isTaken = ended || (after !== undefined && after.resumedAt >= begun);
    total += Math.max(0, begun - resumedAt - (isTaken ? 0 : 1));
  }
  return total;
}

/**
 * Rank 0's pen: it says at every step how far its epoch has come. Nothing is synced: an entry that is lost only
 * miscounts. A disk that takes no entry is tried again at the next step.
 */
export class JournalWriter {
  readonly #home: Home;
  readonly #runId: string;
  #file: number | undefined;
  #entry: JournalEntry;
  #failure: StorageError | undefined;
  #closed = false;

  constructor(home: Home, runId: string, entry: JournalEntry) {
    this.#home = home;
    this.#runId = runId;
    this.#entry = entry;
  }

  /** Why the disk does not take the entry. */
  get failure(): StorageError | undefined {
    return this.#failure;
  }

  /** Makes the run's folder and the entry of an epoch whose ring has just been formed. */
  async open(): Promise<void> {
    if (this.#file !== undefined || this.#closed) return;
    const path = pathOf(this.#home, this.#runId, this.#entry.epoch);
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await requireNewest(this.#home, this.#runId, this.#entry.epoch);
      this.#file = openSync(path, 'w', 0o600);
      this.#failure = undefined;
      this.#write();
    } catch (error) {
      this.#note(error, path);
    }
  }

  async begin(step: number): Promise<void> {
    this.#entry = { ...this.#entry, begun: step + 1 };
    if (this.#file === undefined) await this.open();
    else this.#write();
  }

  end(): void {
    this.#entry = { ...this.#entry, ended: true };
    this.#write();
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#closed = true;
  }

  /** Through the open file, so that whoever wakes after the run was finished brings no folder back to life. */
  #write(): void {
    if (this.#file === undefined) return;
    try {
      writeSync(this.#file, `${JSON.stringify(this.#entry).padEnd(ENTRY_BYTES - 1)}\n`, 0);
      this.#failure = undefined;
    } catch (error) {
      this.#note(error, pathOf(this.#home, this.#runId, this.#entry.epoch));
    }
  }

  #note(error: unknown, path: string): void {
    const failure = error instanceof StorageError ? error : storageFailure(error, path);
    if (!failure) throw error;
    this.#failure = failure;
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
  const folder = home.path(folderOf(runId));
  const names = await readdir(folder).catch(unlessGone(folder, []));
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

const folderOf = (runId: string) => `checkpoints/${runId}/journal`;
const pathOf = (home: Home, runId: string, epoch: number) => home.path(`${folderOf(runId)}/${epoch}.json`);
