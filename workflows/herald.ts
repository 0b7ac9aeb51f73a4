import { getExternalWorkflowHandle, type SignalDefinition } from '@temporalio/workflow';

/** Tells other workflows what they need not know: nobody waits for them to hear, and they may have closed. */
export class Herald {
  private underWay = 0;

  tell<Message>(workflowId: string, signal: SignalDefinition<[Message]>, message: Message): void {
    this.underWay += 1;
    getExternalWorkflowHandle(workflowId)
      .signal(signal, message)
      .catch(() => {})
      .finally(() => (this.underWay -= 1));
  }

  /** A run that ends before that has told nothing: the server drops what had only begun. */
  get isDone(): boolean {
    return this.underWay === 0;
  }
}
