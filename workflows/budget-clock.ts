import { condition } from '@temporalio/workflow';

/** Time that a workflow has spent at work: pauses do not count, runs that it continues do. */
export class BudgetClock {
  private readonly budgetSeconds: number;
  private before: number;
  private since = Date.now();
  private paused: boolean;

  constructor(budgetSeconds: number, carried: { secondsUsed: number; paused: boolean }) {
    this.budgetSeconds = budgetSeconds;
    this.before = carried.secondsUsed;
    this.paused = carried.paused;
  }

  get secondsUsed(): number {
    return this.before + (this.paused ? 0 : (Date.now() - this.since) / 1000);
  }

  turn(paused: boolean): void {
    this.before = this.secondsUsed;
    this.since = Date.now();
    this.paused = paused;
  }

  /** Settles when nothing is left of the budget. */
  async spent(): Promise<void> {
    for (;;) {
      const left = this.budgetSeconds - this.secondsUsed;
      if (left <= 0) return;
      if (this.paused) await condition(() => !this.paused);
      else await condition(() => this.paused, Math.ceil(1000 * left));
    }
  }
}
