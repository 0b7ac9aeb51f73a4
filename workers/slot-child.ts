import type { SegmentInput, SegmentProgress, SegmentResult } from '../src/contracts/training.ts';
import { RingBrokenError, SlotDiedError, messageOf } from '../src/errors.ts';
import type { Home } from '../src/lake/home.ts';
import { isLoopback } from '../src/tls/host-files.ts';
import { isStopped } from '../src/stack/process-identity.ts';
import { SlotClient, type SlotIntroduction } from '../src/training/slots/slot-client.ts';
import { ringToken } from '../src/lake/ring-token.ts';

/** A child that does not even open a port for so long is started anew; its first start takes a second or two. */
const LISTEN_MS = 15_000;
/** As long as its neighbours wait for a word of it. */
const STOPPED_MS = 8000;
const LOOK_EVERY_MS = 1000;

export interface SlotChildOptions {
  home: Home;
  /** The address other slots reach this host at. */
  host: string;
  /** The folder with the certificates of hosts, for links off loopback. */
  tls: string;
  /** Variables for the child besides those of its worker: the device it is bound to. */
  environment?: Record<string, string>;
  /** The file that computes. */
  path?: string;
}

interface Segment {
  runId: string;
  epoch: number;
  supersede: (reason: Error) => void;
}

/** A slot's process, with the home and the secrets that its worker has, and an eye on whether it lives. */
export class SlotChild {
  private readonly options: SlotChildOptions;
  private readonly client: SlotClient;
  private current: Segment | undefined;

  constructor(options: SlotChildOptions) {
    this.options = options;
    const { path, environment } = options;
    this.client = new SlotClient({ ...(path ? { path } : {}), ...(environment ? { environment } : {}) });
  }

  /** What the child computes with. Starts it where it does not run. */
  start(): Promise<SlotIntroduction> {
    return this.client.start();
  }

  /** Opens a port for the ring of this run and epoch; whatever an earlier epoch was doing is dropped. */
  async listen(runId: string, epoch: number, signal: AbortSignal): Promise<string> {
    const { home, host, tls } = this.options;
    if (this.current?.runId === runId && this.current.epoch >= epoch) {
      throw new RingBrokenError(
        `This slot trains under epoch ${this.current.epoch} and was asked to listen under ${epoch}.`,
        'The newest ring goes on.',
      );
    }
    const token = await ringToken(home, runId);
    const secured = isLoopback(host) ? {} : { tls };
    const message = { runId, epoch, token, host, ...secured };
    const superseded = this.current;
    const late = setTimeout(() => this.signal('SIGKILL'), LISTEN_MS);
    try {
      // A child that somebody has stopped hears nothing; what it holds its neighbours hold too.
      if (superseded && this.isStopped()) this.signal('SIGKILL');
      return await this.client.listen(message, signal);
    } catch (error) {
      throw this.client.alive ? error : died(error);
    } finally {
      clearTimeout(late);
      superseded?.supersede(
        new RingBrokenError(`The ring of epoch ${superseded.epoch} is over.`, 'Its slots have met anew.'),
      );
    }
  }

  /** Trains one segment. An abort first asks for a stop with a checkpoint, and the result is then handed back. */
  async train(
    segment: SegmentInput,
    signal: AbortSignal,
    onProgress: (progress: SegmentProgress) => void,
  ): Promise<SegmentResult> {
    const { promise: superseded, reject: supersede } = Promise.withResolvers<never>();
    const current = (this.current = { runId: segment.runId, epoch: segment.epoch, supersede });
    const watch = this.watchForStop(signal);
    try {
      const trained = this.client.train(this.options.home.root, segment, onProgress, signal);
      return await Promise.race([trained, superseded]);
    } catch (error) {
      if (this.client.alive) throw error;
      // Its place is taken at once: the next ring waits for this slot's next address.
      this.client.start().catch(() => {});
      throw died(error);
    } finally {
      clearInterval(watch);
      if (this.current === current) this.current = undefined;
    }
  }

  /** What happens to processes. */
  signal(signal: NodeJS.Signals): void {
    this.client.kill(signal);
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private isStopped(): boolean {
    const { pid } = this.client;
    return pid !== undefined && this.client.alive && isStopped(pid);
  }

  /** A child that somebody has stopped says nothing and would hold its slot for ever: it is killed. */
  private watchForStop(signal: AbortSignal): NodeJS.Timeout {
    let since: number | undefined;
    return setInterval(() => {
      if (!this.isStopped()) return void (since = undefined);
      since ??= performance.now();
      if (signal.aborted || performance.now() - since >= STOPPED_MS) this.signal('SIGKILL');
    }, LOOK_EVERY_MS);
  }
}

const died = (error: unknown) => new SlotDiedError(messageOf(error), '');
