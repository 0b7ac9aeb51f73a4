import type { Checkpoint } from './checkpoint.ts';

/**
 * What a slot's process remembers of its run when a ring breaks: everything its last applied step has made. A step
 * changes it in one go, between two turns of the event loop, so that whoever looks sees whole steps only.
 */
export class HeldState {
  #held: Checkpoint | undefined;

  of(runId: string): Checkpoint | undefined {
    return this.#held?.state.runId === runId ? this.#held : undefined;
  }

  keep(checkpoint: Checkpoint): void {
    this.#held = checkpoint;
  }

  /** Another run has come, or this one is finished. */
  drop(): void {
    this.#held = undefined;
  }

  dropOthers(runId: string): void {
    if (!this.of(runId)) this.drop();
  }
}
