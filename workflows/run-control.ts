import { cancelSignal, pauseSignal, resumeSignal } from '../src/temporal/messages.ts';
import { condition, getExternalWorkflowHandle, setHandler, workflowInfo } from '@temporalio/workflow';

interface Pausable {
  signal(definition: typeof pauseSignal | typeof resumeSignal): Promise<void>;
}

/** Pause, resume and cancel, as people signal them; a pause reaches the child that is at work. */
export class RunControl {
  paused = false;
  private child: Pausable | undefined;
  private readonly onChange: () => void;

  constructor(onChange: () => void) {
    this.onChange = onChange;
    setHandler(pauseSignal, () => this.turn(true));
    setHandler(resumeSignal, () => this.turn(false));
    // A request to cancel oneself ends as Cancelled; throwing from here would end as Failed.
    setHandler(cancelSignal, () => getExternalWorkflowHandle(workflowInfo().workflowId).cancel());
  }

  async whileNotPaused(): Promise<void> {
    await condition(() => !this.paused);
  }

  /** Passes pauses on to a child until `work` ends. */
  async withChild<Result>(child: Pausable, work: Promise<Result>): Promise<Result> {
    this.child = child;
    try {
      if (this.paused) await this.tellChild();
      return await work;
    } finally {
      this.child = undefined;
    }
  }

  private async turn(paused: boolean): Promise<void> {
    this.paused = paused;
    this.onChange();
    await this.tellChild();
  }

  private async tellChild(): Promise<void> {
    // A child that has just closed has nothing left to pause.
    await this.child?.signal(this.paused ? pauseSignal : resumeSignal).catch(() => {});
  }
}
