import { setTimeout as sleep } from 'node:timers/promises';
import type { ArtifactReference } from '../../contracts/artifact.ts';
import { CheckpointUnwrittenError, RingBrokenError, StorageError } from '../../errors.ts';
import type { Home } from '../../lake/home.ts';
import { storageFailure } from '../../lake/storage-failure.ts';
import type { ParameterLayout } from '../../model/parameters.ts';
import { snapshotOf, type Checkpoint } from './checkpoint.ts';
import { deleteDrafts, writeSnapshot } from './checkpoint-folder.ts';
import { JournalWriter, requireNewest, type JournalEntry } from './journal.ts';

/** How long the last checkpoint of a segment waits for room on the disk before the ring gives up and is formed anew. */
const LAST_CHECKPOINT_PATIENCE_MS = 300_000;
const RETRY_MS = { first: 250, longest: 10_000 };

/**
 * What rank 0 puts down about its run: the journal at every step, a checkpoint now and then. A full disk costs neither
 * the step nor the run, because the slots hold everything in memory: it is told of, and tried again.
 */
export class RunRecord {
  readonly #home: Home;
  readonly #layout: ParameterLayout;
  readonly #journal: JournalWriter;
  readonly #runId: string;
  readonly #epoch: number;
  #inFlight: Promise<void> | undefined;
  /** Why nothing of this ring counts any more: a later one has taken over, or the run is finished. */
  #broken: Error | undefined;
  #failure: string | undefined;
  #written: { step: number; reference: ArtifactReference } | undefined;

  constructor(home: Home, runId: string, layout: ParameterLayout, entry: JournalEntry) {
    this.#home = home;
    this.#runId = runId;
    this.#epoch = entry.epoch;
    this.#layout = layout;
    this.#journal = new JournalWriter(home, runId, entry);
  }

  /** The newest checkpoint of this epoch. */
  get checkpoint(): ArtifactReference | undefined {
    return this.#written?.reference;
  }

  /** Why the disk did not take what was last given to it. */
  get failure(): string | undefined {
    return this.#failure ?? this.#journal.failure?.message;
  }

  async open(): Promise<void> {
    await this.#journal.open();
    await deleteDrafts(this.#home, this.#runId);
  }

  async begin(step: number): Promise<void> {
    if (this.#broken) throw this.#broken;
    await this.#journal.begin(step);
  }

  /** Takes a copy of the state and writes it while training goes on. False: the one before is still being written. */
  save(checkpoint: Checkpoint): boolean {
    if (this.#inFlight) return false;
    const snapshot = snapshotOf(checkpoint, this.#layout, this.#epoch);
    this.#inFlight = this.#write(snapshot).finally(() => {
      this.#inFlight = undefined;
    });
    return true;
  }

  /** Writes the last checkpoint, however often that takes, and closes the journal's entry. */
  async end(
    checkpoint: Checkpoint,
    signal: AbortSignal,
    tell: () => void,
    patienceMs = LAST_CHECKPOINT_PATIENCE_MS,
  ): Promise<ArtifactReference> {
    const { step } = checkpoint.state;
    const giveUpAt = performance.now() + patienceMs;
    for (let delay = RETRY_MS.first; ; delay = Math.min(2 * delay, RETRY_MS.longest)) {
      await this.#inFlight;
      if (this.#written?.step !== step) {
        this.save(checkpoint);
        await this.#inFlight;
      }
      if (this.#broken) throw this.#broken;
      if (this.#written?.step === step) break;
      tell();
      if (performance.now() > giveUpAt) throw this.#unwritten();
      await sleep(delay, undefined, { signal });
    }
    this.#journal.end();
    return this.#written.reference;
  }

  /** A checkpoint that is being written is not waited for: it is good whatever becomes of this ring. */
  close(): void {
    this.#journal.close();
  }

  async #write(snapshot: ReturnType<typeof snapshotOf>): Promise<void> {
    try {
      await this.#journal.open();
      if (this.#journal.failure) throw this.#journal.failure;
      await requireNewest(this.#home, this.#runId, this.#epoch);
      const reference = await writeSnapshot(this.#home, this.#runId, snapshot);
      this.#written = { step: snapshot.step, reference };
      this.#failure = undefined;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') this.#broken = finishedWithout(this.#runId);
      else if (code === undefined && !(error instanceof StorageError)) this.#broken = error as Error;
      else this.#failure = (storageFailure(error, this.#home.path(snapshot.uri)) ?? (error as Error)).message;
    }
  }

  #unwritten(): CheckpointUnwrittenError {
    return new CheckpointUnwrittenError(
      `The last checkpoint of run ${this.#runId} finds no place. ${this.#failure}`,
      'The slots hold the run in memory: it goes on by itself once there is room.',
    );
  }
}

const finishedWithout = (runId: string) =>
  new RingBrokenError(`Run ${runId} was finished without this slot.`, 'It is free for another run.');
