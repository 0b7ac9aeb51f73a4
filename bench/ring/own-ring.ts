import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { computingEnvironment } from '../../src/config/machine.ts';
import { LineProcess } from './line-process.ts';
import { figuresOf, type Side } from './sides.ts';

export interface AttentionShape {
  tokens: number;
  heads: number;
  headDim: number;
}

const RANK = fileURLToPath(new URL('attention-rank.ts', import.meta.url));

/** Ringwatt's attention: one process a rank, each computing with its own threads, keys and values over loopback TCP. */
export class OwnRing implements Side {
  readonly name: string;
  /** The kernel's variant; null where TensorFlow.js computes. */
  readonly kernel: string | null;
  readonly #ranks: LineProcess[];
  /** Shares of the wall time of each repetition, of the rank that waited most. */
  readonly #waits: number[] = [];
  readonly #transfers: number[] = [];
  #megabytes = 0;

  private constructor(name: string, ranks: LineProcess[], kernel: string | null) {
    this.name = name;
    this.#ranks = ranks;
    this.kernel = kernel;
  }

  static async start(
    name: string,
    { tokens, heads, headDim }: AttentionShape,
    { worldSize, threads }: { worldSize: number; threads: number },
  ): Promise<OwnRing> {
    const token = randomBytes(32).toString('hex');
    const ranks = Array.from(
      { length: worldSize },
      (_, rank) =>
        new LineProcess(
          process.execPath,
          [RANK, ...[rank, worldSize, tokens, heads, headDim].map(String), token],
          // As slots are started.
          computingEnvironment({ RINGWATT_THREADS: String(threads) }),
        ),
    );
    try {
      const ready = await Promise.all(ranks.map((rank) => rank.ready));
      const addresses = JSON.stringify(ready.map(({ address }) => address));
      await Promise.all(ranks.map((rank) => rank.ask(addresses)));
      return new OwnRing(name, ranks, (ready[0]!['kernel'] as string | null) ?? null);
    } catch (error) {
      await Promise.all(ranks.map((rank) => rank.close()));
      throw error;
    }
  }

  async run(): Promise<number> {
    const replies = await Promise.all(this.#ranks.map((rank) => rank.ask('run')));
    const most = (field: string) => Math.max(...replies.map((reply) => Number(reply[field])));
    const ms = most('ms');
    this.#waits.push(most('waitMs') / ms);
    this.#transfers.push(most('transferMs') / ms);
    this.#megabytes = most('megabytesSent');
    return ms;
  }

  /** What crossing from process to process has cost: the first repetition, a warm-up, aside. */
  communication() {
    return {
      exposedShare: figuresOf(this.#waits.slice(1)).median,
      transferShare: figuresOf(this.#transfers.slice(1)).median,
      megabytesSent: this.#megabytes,
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#ranks.map((rank) => rank.close()));
  }
}
