import { cancelSignal, pauseSignal, resumeSignal } from '../src/temporal/messages.ts';
import {
  CancellationScope,
  condition,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { EntityActivities } from '../activities/entities.ts';

const { cancelRun } = proxyActivities<EntityActivities>({
  startToCloseTimeout: '30 seconds',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 5 },
});

interface Pausable {
  signal(definition: typeof pauseSignal | typeof resumeSignal): Promise<void>;
}

/** Pause, resume and cancel, as people signal them; a pause reaches the children that are at work. */
export class RunControl {
  paused = false;
  private readonly children = new Set<Pausable>();
  private onChange: () => void = () => {};

  /** Signals that came before the workflow are heard from here on: what `onChange` reads has to be there. */
  listen(onChange: () => void): void {
    this.onChange = onChange;
    setHandler(pauseSignal, () => this.turn(true), { description: 'Stop before the next stage or step' });
    setHandler(resumeSignal, () => this.turn(false), { description: 'Go on' });
    setHandler(
      cancelSignal,
      async () => {
        const { workflowId } = workflowInfo();
        // A run that is cancelled through the server ends as Cancelled; what it threw by itself would end as Failed.
        await CancellationScope.nonCancellable(() => cancelRun({ workflowId }));
      },
      { description: 'End now; what is done stays done' },
    );
  }

  async whileNotPaused(): Promise<void> {
    await condition(() => !this.paused);
  }

  /** Passes pauses on to a child until `work` ends. */
  async withChild<Result>(child: Pausable, work: Promise<Result>): Promise<Result> {
    this.children.add(child);
    try {
      if (this.paused) await this.tell(child);
      return await work;
    } finally {
      this.children.delete(child);
    }
  }

  private async turn(paused: boolean): Promise<void> {
    this.paused = paused;
    this.onChange();
    await Promise.all([...this.children].map((child) => this.tell(child)));
  }

  private async tell(child: Pausable): Promise<void> {
    // A child that has just closed has nothing left to pause.
    await child.signal(this.paused ? pauseSignal : resumeSignal).catch(() => {});
  }
}
