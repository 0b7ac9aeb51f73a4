import { condition, log, proxyActivities, setHandler, workflowInfo } from '@temporalio/workflow';
import type { AuditActivities } from '../activities/audit.ts';
import {
  abExtendRequest,
  abOutcomes,
  abStopRequest,
  type ABAccount,
  type ABExtendRequest,
  type ABOutcome,
  type ABRequest,
  type ABStopRequest,
} from '../src/contracts/ab-test.ts';
import type { AuditEvent } from '../src/contracts/audit.ts';
import { failureLine } from '../src/temporal/failures.ts';
import { refusal } from '../src/temporal/input.ts';
import {
  endTestSignal,
  endTestUpdate,
  extendTestSignal,
  extendTestUpdate,
  lookSignal,
  outcomesSignal,
  outcomesUpdate,
} from '../src/temporal/messages.ts';
import { claimedBy, refusalOf, refuseUnless, shortened, wrongRequest } from './refusals.ts';

const { recordAudit } = proxyActivities<AuditActivities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 10 },
});

const REQUESTS_KEPT = 20;
/** Longer than any test: whoever extends more often has lost sight of it. */
const MOST_EXTENSIONS = 50;
/** Batches that wait, 200 outcomes each: what is carried on stays below what a payload may hold. */
const MOST_BATCHES = 20;

type Kind = 'stop' | 'extend';
type Door = 'signal' | 'update';
const SCHEMAS = { stop: abStopRequest, extend: abExtendRequest };

/** Outcomes that wait to be written down; `ticket` leads the account back to who waits for it. */
interface Batch {
  outcomes: ABOutcome[];
  ticket?: number;
}

/** What was asked of a test, for the run that it continues as. */
export interface CarriedDesk {
  requests: ABRequest[];
  stop: ABStopRequest | null;
  extensions: ABExtendRequest[];
  extended: number;
  batches: ABOutcome[][];
}

/** Where outcomes and people's wishes come in. */
export class ABTestDesk {
  stop: ABStopRequest | null;
  readonly requests: ABRequest[];
  readonly extensions: ABExtendRequest[];
  private extended: number;
  private readonly batches: Batch[];
  private readonly answers = new Map<number, ABAccount>();
  private tickets = 0;
  private wantsLook = false;
  private isClosed = false;
  private readonly test: string;
  private readonly onChange: () => void;

  constructor(test: string, onChange: () => void, carried?: CarriedDesk) {
    this.test = test;
    this.onChange = onChange;
    this.requests = carried?.requests ?? [];
    this.stop = carried?.stop ?? null;
    this.extensions = carried?.extensions ?? [];
    this.extended = carried?.extended ?? 0;
    this.batches = (carried?.batches ?? []).map((outcomes) => ({ outcomes }));
  }

  listen(): void {
    setHandler(lookSignal, () => void (this.wantsLook = true), {
      description: 'Outcomes were written into the files: look at them now',
    });
    setHandler(outcomesSignal, (body) => this.hearOutcomes(body), {
      description: 'What came of requests: {"outcomes": [{"request": "r1", "value": 4}], "by": "who"}',
    });
    setHandler(outcomesUpdate, (body) => this.answerOutcomes(body), {
      validator: (body) => refuseUnless(abOutcomes, body),
    });
    setHandler(endTestSignal, async (body) => void (await this.hear('stop', body, 'signal')), {
      description: 'End the test: {"promote": false, "by": "who", "reason": "why"}',
    });
    setHandler(endTestUpdate, (body) => this.answer('stop', body), {
      validator: (body) => refuseUnless(abStopRequest, body),
    });
    setHandler(extendTestSignal, async (body) => void (await this.hear('extend', body, 'signal')), {
      description: 'Let it go on for longer: {"duration": "7d", "by": "who"}',
    });
    setHandler(extendTestUpdate, (body) => this.answer('extend', body), {
      validator: (body) => refuseUnless(abExtendRequest, body),
    });
  }

  get hasWork(): boolean {
    return this.wantsLook || this.batches.length > 0 || this.stop !== null || this.extensions.length > 0;
  }

  /** Those that waited longest; none where somebody else has written them. */
  next(): Batch {
    this.wantsLook = false;
    return this.batches.shift() ?? { outcomes: [] };
  }

  settle({ ticket }: Batch, account: ABAccount): void {
    if (ticket !== undefined) this.answers.set(ticket, account);
  }

  /** Nothing is taken any more; whoever waits is told so. */
  close(): void {
    this.isClosed = true;
    for (const batch of this.batches.splice(0)) this.settle(batch, tooLate(batch.outcomes));
  }

  carry(): CarriedDesk {
    const { requests, stop, extensions, extended, batches } = this;
    return { requests, stop, extensions, extended, batches: batches.map(({ outcomes }) => outcomes) };
  }

  async tell(event: Omit<AuditEvent, 'subject' | 'identity' | 'from' | 'details'> & Partial<AuditEvent>) {
    const from = workflowInfo().workflowId;
    await recordAudit({
      ...{ identity: 'system', subject: `ab-test/${this.test}`, from, details: {} },
      ...event,
    }).catch((error: unknown) =>
      log.error('The audit could not be told', { what: event.what, reason: failureLine(error) }),
    );
  }

  private hearOutcomes(body: unknown): void {
    const parsed = abOutcomes.safeParse(body);
    if (parsed.success && this.batches.length < MOST_BATCHES && !this.isClosed) {
      this.batches.push({ outcomes: parsed.data.outcomes });
      return;
    }
    const reason = parsed.success
      ? 'Too many batches wait: send an update, which is answered once there is room.'
      : `The outcomes are wrong: ${shortened(refusal(abOutcomes, body) ?? '')}.`;
    this.keep({ kind: 'outcomes', by: claimedBy(body), refusal: reason });
  }

  private async answerOutcomes(body: unknown): Promise<ABAccount> {
    const { outcomes } = abOutcomes.parse(body);
    await condition(() => this.batches.length < MOST_BATCHES || this.isClosed);
    if (this.isClosed) return tooLate(outcomes);
    const ticket = this.tickets++;
    this.batches.push({ outcomes, ticket });
    await condition(() => this.answers.has(ticket));
    const account = this.answers.get(ticket)!;
    this.answers.delete(ticket);
    return account;
  }

  private async answer(kind: Kind, body: unknown): Promise<ABRequest> {
    const request = await this.hear(kind, body, 'update');
    if (request.refusal !== null) throw refusalOf(request.refusal);
    return request;
  }

  /** Decided at once, before anything is waited for: of two that come together the first one counts. */
  private async hear(kind: Kind, body: unknown, door: Door): Promise<ABRequest> {
    const wrong = wrongRequest(SCHEMAS[kind], body);
    const reason = wrong ?? this.objection(kind);
    if (reason === null && kind === 'stop') this.stop = abStopRequest.parse(body ?? {});
    if (reason === null && kind === 'extend') {
      this.extended++;
      this.extensions.push(abExtendRequest.parse(body));
    }
    const request = this.keep({ kind, by: claimedBy(body), refusal: reason });
    const { reason: why } = wrong === undefined ? SCHEMAS[kind].parse(body ?? {}) : { reason: '' };
    await this.tell({
      ...{ at: request.at, who: request.by, identity: 'claimed' },
      what: reason === null ? `ab-${kind}-asked` : 'refused',
      why: reason === null ? why : `${kind}: ${reason}`,
      from: `${door} ${workflowInfo().workflowId}`,
    });
    return request;
  }

  private objection(kind: Kind): string | null {
    if (this.isClosed) return 'It has ended.';
    if (this.stop) return `It is being stopped already, as ${this.stop.by} asked.`;
    if (kind === 'extend' && this.extended >= MOST_EXTENSIONS) return 'It was extended too often already.';
    return null;
  }

  private keep(asked: Omit<ABRequest, 'at'>): ABRequest {
    const request = { at: new Date().toISOString(), ...asked };
    this.requests.unshift(request);
    this.requests.splice(REQUESTS_KEPT);
    this.onChange();
    return request;
  }
}

const tooLate = (outcomes: readonly ABOutcome[]): ABAccount => ({
  ...{ taken: 0, repeated: 0, refused: outcomes.length },
  refusals: outcomes.slice(0, 10).map(({ request }) => ({ request, reason: 'the test has ended' })),
});
