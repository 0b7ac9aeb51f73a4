import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../../errors.ts';
import { drawOf } from '../../../registry/beside.ts';
import { ServingProblem } from '../../problem.ts';
import type { PredictAnswer, PredictRequest } from '../../service.ts';
import { bytesOf, copyOf, type TensorMap } from '../../tensor.ts';
import type { ShadowDrop, TrafficObserver } from '../observer.ts';
import type { TrafficState, Wanted } from '../state.ts';
import { compareOutputs } from './compare.ts';
import { addCompared, addDropped, addFailed, type ShadowNamed } from './summary.ts';
import { ShadowTally, type TallyParts } from './tally.ts';

/** What a candidate is asked. */
export interface ShadowAsked {
  model: string;
  version: number;
  signature: string;
  inputs: TensorMap;
  outputs?: readonly string[] | undefined;
}

export interface ShadowParts extends TallyParts {
  /** Runs a version as a request of the lowest rank would. */
  run: (asked: ShadowAsked, signal: AbortSignal) => Promise<TensorMap>;
  observer?: TrafficObserver;
  /** Callers wait: the candidate does not run now. */
  isBusy?: () => boolean;
  /** Requests that may wait, and what their tensors may take. */
  most?: number;
  mostBytes?: number;
  /** A request that has waited so long is dropped, and one that has run so long has failed. */
  lateMs?: number;
  runMs?: number;
}

const MOST_WAITING = 64;
const MOST_BYTES = 64 * 2 ** 20;
const LATE_MS = 10_000;
const RUN_MS = 30_000;
const BUSY_MS = 10;

interface Waiting {
  named: ShadowNamed;
  asked: ShadowAsked;
  answered: TensorMap;
  championSeconds: number;
  since: number;
  bytes: number;
}

/**
 * Shows a share of the champion's requests to a candidate once they are answered, one at a time, while nobody waits.
 * The caller is never kept, whatever becomes of it: what is too much at once is dropped, and counted.
 */
export class Shadow {
  private readonly parts: ShadowParts;
  private waiting: Waiting[] = [];
  private bytes = 0;
  private draining: Promise<void> | undefined;
  private isClosed = false;
  private running: AbortController | undefined;
  private readonly tally: ShadowTally;

  constructor(parts: ShadowParts) {
    this.parts = parts;
    this.tally = new ShadowTally(parts);
  }

  /** An answer to a call that named no version. Only the champion's are compared with, and no cached one: it has cost nothing. */
  offer(
    { model, champion, shadow }: TrafficState,
    { inputs, outputs, signature }: Omit<PredictRequest, 'spec'>,
    answer: PredictAnswer,
    { requestId, seconds, dealt }: { requestId: string; seconds: number; dealt: Wanted },
  ): void {
    if (!champion || !shadow || this.isClosed) return;
    if (answer.cached || dealt.model !== model || dealt.version !== champion.version) return;
    const { generation, version, share } = shadow;
    if (drawOf([model, 'shadow', generation, requestId]) >= share) return;
    const named = { name: model, generation, champion: champion.version, candidate: version };
    const bytes = [...inputs.values(), ...answer.outputs.values()].reduce(
      (sum, one) => sum + bytesOf(one),
      0,
    );
    const { most = MOST_WAITING, mostBytes = MOST_BYTES } = this.parts;
    if (this.waiting.length >= most || this.bytes + bytes > mostBytes) {
      this.drop(named, 'full');
      return;
    }
    this.bytes += bytes;
    this.waiting.push({
      named,
      // What was asked is its door's again once it is answered.
      asked: { model, version, signature, inputs: copyOf(inputs), outputs },
      answered: answer.outputs,
      ...{ championSeconds: seconds, since: performance.now(), bytes },
    });
    this.draining ??= this.drain();
  }

  /** Resolves once nothing waits and nothing runs. */
  async settled(): Promise<void> {
    while (this.draining) await this.draining;
  }

  /** Writes what was compared. */
  flush(): Promise<void> {
    return this.tally.flush();
  }

  /** Lets go of what waits, and writes what was compared. */
  async close(): Promise<void> {
    for (const { named } of this.waiting) this.drop(named, 'late');
    this.waiting = [];
    this.isClosed = true;
    this.running?.abort(new Error('It is shut down.'));
    await this.settled();
    await this.tally.close();
  }

  private async drain(): Promise<void> {
    const { isBusy, lateMs = LATE_MS } = this.parts;
    for (;;) {
      // Answers that are on their way out go first.
      await setImmediate();
      const next = this.waiting[0];
      if (!next) {
        this.draining = undefined;
        return;
      }
      const isLate = performance.now() - next.since > lateMs;
      if (!isLate && isBusy?.()) {
        await delay(BUSY_MS);
        continue;
      }
      this.waiting.shift();
      if (isLate) this.drop(next.named, 'late');
      else await this.compare(next);
      this.bytes -= next.bytes;
    }
  }

  private async compare({ named, asked, answered, championSeconds }: Waiting): Promise<void> {
    const { run, observer, runMs = RUN_MS } = this.parts;
    const { name: model, champion, candidate } = named;
    const begun = performance.now();
    const running = new AbortController();
    const { signal } = running;
    this.running = running;
    const timer = setTimeout(() => running.abort(tooLate()), runMs);
    try {
      const outputs = only(asked.outputs, await untilAborted(run(asked, signal), signal));
      const compared = {
        ...{ champion, candidate, signature: asked.signature, championSeconds },
        ...compareOutputs(answered, outputs),
        seconds: (performance.now() - begun) / 1000,
      };
      addCompared(this.tally.of(named), compared);
      observer?.shadowCompared?.({ model, ...compared });
    } catch (failure) {
      if (this.isClosed) {
        this.drop(named, 'late');
        return;
      }
      const code = codeOf(failure);
      const summary = this.tally.of(named);
      addFailed(summary, code);
      observer?.shadowFailed?.({ model, candidate, code });
      // A candidate that fails does so with each request: once a while is enough to say why.
      if (summary.failures[code] === 1) {
        const error = messageOf(failure);
        this.parts.log.warn({ model, version: candidate, code, error }, 'a shadow failed');
      }
    } finally {
      clearTimeout(timer);
      this.running = undefined;
    }
  }

  private drop(named: ShadowNamed, why: ShadowDrop): void {
    addDropped(this.tally.of(named), why);
    this.parts.observer?.shadowDropped?.({ model: named.name, candidate: named.candidate, why });
  }
}

const tooLate = () => new ServingProblem('DEADLINE_EXCEEDED', 'The shadow took too long.');

/** Those that the caller asked for, as the champion answered them. */
const only = (names: readonly string[] | undefined, outputs: TensorMap): TensorMap =>
  names === undefined ? outputs : new Map([...outputs].filter(([name]) => names.includes(name)));

/** Whoever runs may not look at the signal. */
async function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  promise.catch(() => {});
  work.catch(() => {});
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

const codeOf = (error: unknown): string => (error instanceof ServingProblem ? error.code : 'INTERNAL');
