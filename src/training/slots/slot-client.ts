import { fork, type ChildProcess } from 'node:child_process';
import { computingEnvironment } from '../../config/machine.ts';
import type { SegmentInput, SegmentProgress, SegmentResult } from '../../contracts/training.ts';
import { RingBrokenError } from '../../errors.ts';
import { restoreError } from '../../stages/child-protocol.ts';
import { SLOT_PROCESS_PATH, type FromSlot, type ToSlot } from './slot-protocol.ts';

type Answer<Kind extends FromSlot['kind']> = Extract<FromSlot, { kind: Kind }>;
export type SlotIntroduction = Answer<'ready'>;

/** How long a stopped child may take to reach the end of its step before it is told to drop it, then killed. */
const STOP_GRACE_MS = 15_000;
const ABORT_GRACE_MS = 5000;
/** A child that does not say what it computes with for so long, because somebody has stopped it, is ended. */
const START_MS = 120_000;

export interface SlotClientOptions {
  /** The file that computes. */
  path?: string;
  /** Variables for the child besides those of this process. */
  environment?: Record<string, string>;
  /** A command that starts another one, put before Node: `['ip', 'netns', 'exec', 'far']`, `['taskset', '-c', '0']`. */
  launcher?: readonly string[];
  /** How long a child may take to start; default two minutes. */
  startWithinMs?: number;
}

/**
 * The process that computes for a slot, seen from its parent. It is kept warm between rings and runs, started anew
 * when it died, and ends with its parent.
 */
export class SlotClient {
  readonly #options: SlotClientOptions;
  #process: ChildProcess | undefined;
  #ready: Promise<SlotIntroduction> | undefined;

  constructor(options: SlotClientOptions = {}) {
    this.#options = options;
  }

  /** What the child computes with. Starts it where it does not run. */
  start(): Promise<SlotIntroduction> {
    if (this.#ready && this.alive) return this.#ready;
    const [execPath, ...execArgv] = [...(this.#options.launcher ?? []), process.execPath] as [string];
    const child = (this.#process = fork(this.#options.path ?? SLOT_PROCESS_PATH, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execPath,
      execArgv,
      env: computingEnvironment(this.#options.environment),
    }));
    const late = setTimeout(() => child.kill('SIGKILL'), this.#options.startWithinMs ?? START_MS);
    this.#ready = this.#answerOf('ready').finally(() => clearTimeout(late));
    return this.#ready;
  }

  get alive(): boolean {
    const child = this.#process;
    return child?.connected === true && child.exitCode === null && child.signalCode === null;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Opens a port for the ring of this run and epoch; whatever an earlier epoch was doing is dropped. */
  async listen(
    message: Omit<Extract<ToSlot, { kind: 'listen' }>, 'kind'>,
    signal?: AbortSignal,
  ): Promise<string> {
    await this.start();
    const listening = this.#answerOf('listening', message.epoch, signal);
    this.tell({ kind: 'listen', ...message });
    return (await listening).address;
  }

  /**
   * Trains one segment. An abort first asks for a stop with a checkpoint, and the result is then handed back; a child
   * that does not come to the end of its step in time is told to drop it, and one that does not even do that is killed.
   */
  async train(
    home: string,
    segment: SegmentInput,
    onProgress: (progress: SegmentProgress) => void,
    signal?: AbortSignal,
  ): Promise<SegmentResult> {
    const child = this.#process;
    if (!child || !this.alive) throw new RingBrokenError('The slot has no process.');
    const { epoch } = segment;
    const forward = (message: FromSlot) => {
      if (message.kind === 'progress' && message.epoch === epoch) onProgress(message.progress);
    };
    const timers: NodeJS.Timeout[] = [];
    const stop = () => {
      this.tell({ kind: 'stop', epoch });
      timers.push(setTimeout(() => this.tell({ kind: 'abort', epoch }), STOP_GRACE_MS));
      timers.push(setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS + ABORT_GRACE_MS));
    };
    child.on('message', forward);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const done = this.#answerOf('done', epoch);
      this.tell({ kind: 'train', home, segment });
      if (signal?.aborted) stop();
      return (await done).result;
    } finally {
      child.off('message', forward);
      signal?.removeEventListener('abort', stop);
      timers.forEach(clearTimeout);
    }
  }

  tell(message: ToSlot): void {
    // A child may die at this very moment: that it has ended is then heard from it, not from here.
    if (this.alive) this.#process!.send(message, () => undefined);
  }

  /** What happens to processes: `SIGKILL`, `SIGSTOP`, `SIGCONT`. */
  kill(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Ends the child; it drops what it was doing. */
  async close(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.kill('SIGKILL');
    await closed;
  }

  /** The next message of a kind; rejects when the child fails at this epoch's task, ends, or `signal` aborts. */
  #answerOf<Kind extends FromSlot['kind']>(
    kind: Kind,
    epoch?: number,
    signal?: AbortSignal,
  ): Promise<Answer<Kind>> {
    const child = this.#process!;
    return new Promise((resolve, reject) => {
      const onMessage = (message: FromSlot) => {
        if ('epoch' in message && message.epoch !== epoch) return;
        if (message.kind === kind) settle(() => resolve(message as Answer<Kind>));
        else if (message.kind === 'failed') settle(() => reject(restoreError(message.error)));
      };
      const onClose = (code: number | null, name: string | null) =>
        settle(() => reject(childEnded(name ?? `exit code ${code}`)));
      const onAbort = () => settle(() => reject(signal!.reason as Error));
      const settle = (answer: () => void) => {
        child.off('message', onMessage);
        child.off('close', onClose);
        signal?.removeEventListener('abort', onAbort);
        answer();
      };
      child.on('message', onMessage);
      child.on('close', onClose);
      if (signal?.aborted) onAbort();
      else signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

const childEnded = (how: string) => new RingBrokenError(`The slot's process ended (${how}).`);
