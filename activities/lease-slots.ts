import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { WithStartWorkflowOperation, WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import type { LeaseRequest, LeaseWait, SlotLease } from '../src/contracts/slot-pool.ts';
import { messageOf } from '../src/errors.ts';
import type { StageProgress } from '../src/stages/context.ts';
import { leaseNewsSignal, leaseUpdate, releaseLeaseSignal, waitingQuery } from '../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../src/temporal/names.ts';

export interface LeaseSlotsInput {
  pool: string;
  request: LeaseRequest;
  /** Of the ring that the slots are for. */
  epoch: number;
  /** Whether to end with the number of suitable slots when there are fewer than were asked for: after a while, at once. */
  shrink: 'never' | 'patiently' | 'at once';
}

/** The slots, or how many there are of the kind that was asked for, after the patience has run out. */
export type LeaseOutcome = { lease: SlotLease } | { lease: null; suitable: number };

/** How often a request that waits looks what it waits for; a query leaves no trace in the pool's history. */
const LOOK_EVERY_MS = 2000;
const ASK_AGAIN_AFTER_MS = 500;

/** Asks again and again until the slots are granted, and tells people and the run why they are not. */
export async function leaseSlots(
  { pool, request, epoch, shrink }: LeaseSlotsInput,
  patienceMs: number,
  signal: AbortSignal,
  progress: (update: StageProgress) => void,
): Promise<LeaseOutcome> {
  const { client, info, log } = Context.current();
  const handle = client.workflow.getHandle(workflowIds.slotPool(pool));
  const over = new AbortController();
  const ended = AbortSignal.any([signal, over.signal]);
  try {
    const outcome = await Promise.race([untilGranted(), untilOutOfPatience()]);
    if (outcome) return outcome;
    throw signal.reason;
  } catch (error) {
    if (signal.aborted) await giveUp();
    throw error;
  } finally {
    over.abort();
  }

  async function untilGranted(): Promise<LeaseOutcome | undefined> {
    while (!ended.aborted) {
      const answer = await untilAborted(ended, askForSlots(client, pool, request)).catch(passingTrouble);
      if (answer?.state === 'granted' && !ended.aborted) return { lease: answer.lease };
    }
    return undefined;
  }

  async function untilOutOfPatience(): Promise<LeaseOutcome | undefined> {
    const began = Date.now();
    let told = '';
    for (;;) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: ended }).catch(() => {});
      if (ended.aborted) return undefined;
      const wait = await waitOfRequest().catch((error: unknown) => {
        log.warn('The slot pool does not say what it waits for', { reason: messageOf(error) });
      });
      if (!wait || ended.aborted) continue;
      const note = waitNote(request, wait);
      progress({ stage: 'train', done: 0, total: request.count, unit: 'slots', note });
      if (note !== told) await tellRun((told = note));
      const tooFew = wait.suitable > 0 && wait.suitable < request.count;
      const patience = { never: Infinity, patiently: patienceMs, 'at once': 0 }[shrink];
      if (!tooFew || Date.now() - began < patience) continue;
      await giveUp();
      return { lease: null, suitable: wait.suitable };
    }
  }

  /** A server or a pool that is away for a moment is asked again: a wait may last for days and ends for nothing less. */
  async function passingTrouble(trouble: unknown): Promise<undefined> {
    if (trouble instanceof WorkflowUpdateFailedError) throw trouble;
    log.warn('The slot pool does not answer', { reason: messageOf(trouble) });
    await sleep(ASK_AGAIN_AFTER_MS, undefined, { signal: ended }).catch(() => {});
  }

  async function waitOfRequest(): Promise<LeaseWait | undefined> {
    const waiting = await handle.query(waitingQuery);
    return waiting.find(({ requestId }) => requestId === request.requestId)?.wait;
  }

  async function tellRun(waitingFor: string): Promise<void> {
    await client.workflow
      .getHandle(info.workflowExecution!.workflowId)
      .signal(leaseNewsSignal, { epoch, waitingFor })
      .catch((error: unknown) =>
        log.warn('The run could not be told what it waits for', { reason: messageOf(error) }),
      );
  }

  /** Granted or not, nobody wants it any more. */
  function giveUp(): Promise<void> {
    return handle.signal(releaseLeaseSignal, { requestId: request.requestId });
  }
}

/** For people: what is wanted, what there is, and why the rest does not count. */
function waitNote(
  { count }: LeaseRequest,
  { free, suitable, known, position, passedOver }: LeaseWait,
): string {
  const place = position > 1 ? `, place ${position} in the queue` : '';
  const reasons = passedOver.map(({ queue, why }) => `${queue} ${why}`).join('; ');
  return (
    `waiting for ${count} slots: of ${known} known ${suitable} suit and ${free} are free${place}` +
    (reasons ? ` (${reasons})` : '')
  );
}

const askForSlots = (client: Client, pool: string, request: LeaseRequest) =>
  client.workflow.executeUpdateWithStart(leaseUpdate, {
    args: [request],
    startWorkflowOperation: new WithStartWorkflowOperation(WORKFLOWS.slotPool, {
      workflowId: workflowIds.slotPool(pool),
      taskQueue: PIPELINE_QUEUE,
      workflowIdConflictPolicy: 'USE_EXISTING',
    }),
  });

/** The answer, or undefined as soon as the signal aborts. */
async function untilAborted<Value>(signal: AbortSignal, answer: Promise<Value>): Promise<Value | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const abort = () => resolve(undefined);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([answer, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    answer.catch(() => {});
  }
}
