import { fork, type ChildProcess } from 'node:child_process';
import type { SegmentInput, SegmentProgress, SegmentResult } from '../src/contracts/training.ts';
import { RingBrokenError } from '../src/errors.ts';
import type { Home } from '../src/lake/home.ts';
import { restoreError } from '../src/stages/child-protocol.ts';
import { SLOT_PROCESS_PATH, type FromSlot, type ToSlot } from '../src/training/slot-protocol.ts';
import { ringToken } from './ring-token.ts';

type Answer<Kind extends FromSlot['kind']> = Extract<FromSlot, { kind: Kind }>;

/** How long a stopped child may take to reach the end of its step before it is told to drop it, then killed. */
const STOP_GRACE_MS = 15_000;
const ABORT_GRACE_MS = 5000;

export interface SlotChildOptions {
  home: Home;
  /** The address other slots reach this host at. */
  host: string;
  /** The file that computes. */
  path?: string;
}

/**
 * The process that computes for a slot, seen from its worker. It is kept warm between runs, started anew when it
 * died, and ends with its parent.
 */
export class SlotChild {
  private readonly options: SlotChildOptions;
  private process: ChildProcess | undefined;
  private ready: Promise<Answer<'ready'>> | undefined;

  constructor(options: SlotChildOptions) {
    this.options = options;
  }

  /** What the child computes with. Starts it where it does not run. */
  start(): Promise<Answer<'ready'>> {
    if (this.process?.connected && this.ready) return this.ready;
    const child = fork(this.options.path ?? SLOT_PROCESS_PATH, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [],
    });
    this.process = child;
    this.ready = this.answerOf('ready');
    return this.ready;
  }

  /** Opens a port for the ring of this run and epoch; whatever an earlier epoch was doing is dropped. */
  async listen(runId: string, epoch: number, signal: AbortSignal): Promise<string> {
    await this.start();
    const token = await ringToken(this.options.home, runId);
    const listening = this.answerOf('listening', signal);
    this.tell({ kind: 'listen', runId, epoch, token, host: this.options.host });
    return (await listening).address;
  }

  /** Trains one segment. An abort first asks for a stop with a checkpoint, and the result is then handed back. */
  async train(
    segment: SegmentInput,
    signal: AbortSignal,
    onProgress: (progress: SegmentProgress) => void,
  ): Promise<SegmentResult> {
    const child = this.process;
    if (!child?.connected) throw new RingBrokenError('The slot has no process.', 'The ring is formed anew.');
    const forward = (message: FromSlot) => {
      if (message.kind === 'progress') onProgress(message.progress);
    };
    const timers: NodeJS.Timeout[] = [];
    const stop = () => {
      this.tell({ kind: 'stop' });
      timers.push(setTimeout(() => this.tell({ kind: 'abort' }), STOP_GRACE_MS));
      timers.push(setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS + ABORT_GRACE_MS));
    };
    child.on('message', forward);
    signal.addEventListener('abort', stop, { once: true });
    try {
      const done = this.answerOf('done');
      this.tell({ kind: 'train', home: this.options.home.root, segment });
      if (signal.aborted) stop();
      return (await done).result;
    } finally {
      child.off('message', forward);
      signal.removeEventListener('abort', stop);
      timers.forEach(clearTimeout);
    }
  }

  /** Ends the child; it drops what it was doing. */
  async close(): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.kill('SIGKILL');
    await closed;
  }

  private tell(message: ToSlot): void {
    if (this.process?.connected) this.process.send(message);
  }

  /** The next message of a kind; rejects when the child fails at its task, ends, or `signal` aborts. */
  private answerOf<Kind extends FromSlot['kind']>(kind: Kind, signal?: AbortSignal): Promise<Answer<Kind>> {
    const child = this.process!;
    return new Promise((resolve, reject) => {
      const onMessage = (message: FromSlot) => {
        if (message.kind === kind) settle(() => resolve(message as Answer<Kind>));
        else if (message.kind === 'failed') settle(() => reject(restoreError(message.error)));
      };
      const onClose = (code: number | null, name: string | null) =>
        settle(() => reject(childEnded(name ?? `exit code ${code}`)));
      const onAbort = () => settle(() => reject(signal!.reason));
      const settle = (answer: () => void) => {
        child.off('message', onMessage);
        child.off('close', onClose);
        signal?.removeEventListener('abort', onAbort);
        answer();
      };
      child.on('message', onMessage);
      child.on('close', onClose);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

const childEnded = (how: string) =>
  new RingBrokenError(
    `The slot's process ended (${how}).`,
    'The ring is formed anew from the last checkpoint.',
  );
