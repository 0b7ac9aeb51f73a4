import {
  ActivityCancellationType,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  log,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { z } from 'zod';
import type { AlertActivities } from '../activities/alerts.ts';
import {
  acknowledgeRequest,
  observation,
  silenceRequest,
  type AlertMessage,
  type AlertStatus,
  type AlertTurn,
} from '../src/contracts/alerts.ts';
import { failureLine } from '../src/temporal/failures.ts';
import { refusal } from '../src/temporal/input.ts';
import {
  acknowledgeSignal,
  acknowledgeUpdate,
  alertStatusQuery,
  observeSignal,
  refreshAlertsSignal,
  silenceSignal,
  silenceUpdate,
} from '../src/temporal/messages.ts';
import { describeAlerts, NO_ALERTS } from './alerts-board.ts';
import { isHistoryLong } from './history.ts';
import { refusalOf, refuseUnless } from './refusals.ts';

/** Taken in by one activity: a burst of observations is one write of the files. */
const MESSAGES_AT_ONCE = 50;
/** Some thirty observations; with deliveries under way, which a continuation begins anew, twice that. */
const EVENTS_BEFORE_CONTINUING = 400;
const EVENTS_AT_MOST = 800;
/** Characters of up to three bytes: a continuation that carries more than 2 MB is the end of the entity. */
const INBOX_CARRIED = 500_000;
/** The files could not be changed: a full disk, a damaged file. What came waits. */
const TROUBLE_PAUSE = '30 seconds';
const DELIVERY_PAUSE = '5 minutes';

const { turnAlerts } = proxyActivities<AlertActivities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 10 },
});

const { deliverAlert } = proxyActivities<AlertActivities>({
  // A slow mail server takes its time to say no.
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '15 seconds',
  // Its end is waited for, not only the asking for it.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // For ever as far as Temporal is concerned: the outbox, which outlives it, gives up after a day and says so.
  retry: { initialInterval: '2 seconds', backoffCoefficient: 2, maximumInterval: '15 minutes' },
});

interface Carried {
  inbox: AlertMessage[];
  refused?: string | null;
}

/**
 * The entity that is told what others see, and tells people. The files are the truth: rules, what fires, what waits to
 * be sent. It turns them at each message and whenever time alone has something due, and sends what waits.
 */
export async function alertsWorkflow(_input?: unknown, carried?: Carried): Promise<never> {
  const inbox: AlertMessage[] = [...(carried?.inbox ?? [])];
  const answers = new Map<string, AlertTurn['answers'][number]>();
  const underWay = new Set<string>();
  let deliveries = new CancellationScope();
  let turn: AlertTurn | undefined;
  let trouble = '';
  let refused = carried?.refused ?? null;
  let stale = true;
  let count = 0;
  /** Of the inbox; counted as it fills, for it is asked for at every message. */
  let waiting = JSON.stringify(inbox).length;

  setHandler(observeSignal, (body) => void accept('observe', observation, body));
  setHandler(acknowledgeSignal, (body) => void accept('acknowledge', acknowledgeRequest, body), {
    description: 'Somebody has it in hand: {"rule": "high_drift", "by": "who", "why": "…"}',
  });
  setHandler(silenceSignal, (body) => void accept('silence', silenceRequest, body), {
    description:
      'Tell nobody until then: {"rule": "high_drift", "until": "2026-12-01T00", "by": "who", "why": "…"}',
  });
  setHandler(refreshAlertsSignal, () => void (stale = true));
  setHandler(acknowledgeUpdate, (body) => answerTo('acknowledge', acknowledgeRequest, body), {
    validator: (body) => refuseUnless(acknowledgeRequest, body),
  });
  setHandler(silenceUpdate, (body) => answerTo('silence', silenceRequest, body), {
    validator: (body) => refuseUnless(silenceRequest, body),
  });
  setHandler(alertStatusQuery, status);

  while (!mayContinueAsNew() || underWay.size > 0) {
    await condition(() => inbox.length > 0 || stale || mayContinueAsNew(), untilNext());
    await (mayContinueAsNew() ? endDeliveries() : takeIn());
  }
  return continueAsNew<typeof alertsWorkflow>({}, { inbox, refused });

  async function takeIn(): Promise<void> {
    stale = false;
    const messages = inbox.slice(0, MESSAGES_AT_ONCE);
    try {
      turn = await turnAlerts({ messages });
      trouble = '';
      inbox.splice(0, messages.length);
      waiting -= JSON.stringify(messages).length;
      for (const answer of turn.answers) answers.set(answer.id, answer);
      for (const id of turn.pending) send(id);
    } catch (error) {
      trouble = failureLine(error);
      log.error('The alerts could not be written', { reason: trouble });
    }
    show();
    if (trouble === '') return;
    stale = true;
    await condition(() => false, TROUBLE_PAUSE);
  }

  /** Each delivery goes its own way: a channel that does not answer holds no other back. */
  function send(id: string): void {
    if (underWay.has(id)) return;
    underWay.add(id);
    deliveries
      .run(() => deliver(id))
      .catch((error: unknown) => {
        if (!isCancellation(error)) throw error;
      })
      .finally(() => {
        underWay.delete(id);
        if (underWay.size === 0) stale = true;
      });
  }

  async function deliver(id: string): Promise<void> {
    try {
      await deliverAlert({ id });
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.error('A delivery failed', { id, reason: failureLine(error) });
      // What time alone does not cure: the files are read again later.
      await sleep(DELIVERY_PAUSE);
    }
  }

  /**
   * Until each has let go of what it was sending: the run that goes on begins with that, and would have to wait for
   * the claim of an attempt that has not heard yet that it is not wanted.
   */
  async function endDeliveries(): Promise<void> {
    deliveries.cancel();
    deliveries = new CancellationScope();
    await condition(() => underWay.size === 0);
  }

  function accept<Body extends object>(
    kind: AlertMessage['kind'],
    schema: z.ZodType<Body>,
    body: unknown,
  ): string | undefined {
    const parsed = schema.safeParse(body ?? {});
    if (!parsed.success) {
      // A signal's sender cannot be answered: it stands where people look.
      refused = `A signal ${kind} was refused: ${refusal(schema, body)?.slice(0, 500)}`;
      show();
      return undefined;
    }
    count += 1;
    const id = `${workflowInfo().runId}/${count}`;
    const message = { kind, id, body: parsed.data } as unknown as AlertMessage;
    inbox.push(message);
    waiting += JSON.stringify(message).length;
    return id;
  }

  async function answerTo<Body extends object>(
    kind: AlertMessage['kind'],
    schema: z.ZodType<Body>,
    body: unknown,
  ): Promise<string> {
    const id = accept(kind, schema, body)!;
    await condition(() => answers.has(id));
    const answer = answers.get(id)!;
    answers.delete(id);
    if (answer.refused) throw refusalOf(answer.says);
    return answer.says;
  }

  function status(): AlertStatus {
    return { ...(turn?.status ?? NO_ALERTS), refused };
  }

  function show(): void {
    setCurrentDetails(describeAlerts(status(), trouble));
  }

  function mayContinueAsNew(): boolean {
    const limit = underWay.size === 0 ? EVENTS_BEFORE_CONTINUING : EVENTS_AT_MOST;
    return isHistoryLong(limit) && allHandlersFinished() && waiting <= INBOX_CARRIED;
  }

  /** How long nothing can be due; undefined: until somebody comes. */
  function untilNext(): number | undefined {
    if (!turn?.nextAt) return undefined;
    return Math.max(1000, Date.parse(turn.nextAt) - Date.now());
  }
}
