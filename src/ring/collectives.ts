import { RingBrokenError } from '../errors.ts';
import type { KeyValueBlock } from '../attention/block-attention.ts';
import { BufferPool } from './buffers.ts';
import type { FrameType } from './frames.ts';
import type { Link } from './transport.ts';
import { bytesPerFloat, EXACT, pack, unpack, type Travel } from './wire.ts';

/** Where the time of a ring goes that is not computation, and what crossed its links, since it was joined. */
export interface RingTiming {
  /** This rank stood with nothing to compute, until a neighbour's frame came or its own was taken. */
  waitSeconds: number;
  /** This process packed, checked or copied frames, whether something was computed meanwhile or not. */
  transferSeconds: number;
  bytesSent: number;
  bytesReceived: number;
}

/**
 * What the ranks of a ring do together. Every rank makes the same calls in the same order; every sum is taken in an
 * order that only the world size decides, so that the same run gives the same bits.
 */
export class Collectives {
  readonly rank: number;
  readonly worldSize: number;
  readonly #links: { next: Link; previous: Link } | undefined;
  #operation = 0;
  #waitMs = 0;
  #packMs = 0;
  readonly #buffers = new BufferPool();

  constructor(rank: number, worldSize: number, links?: { next: Link; previous: Link }) {
    if (worldSize > 1 && !links) throw new RangeError('A ring of several ranks needs links.');
    this.rank = rank;
    this.worldSize = worldSize;
    this.#links = links;
    links?.previous.receiveInto((bytes) => this.#buffers.take(bytes));
  }

  static alone(): Collectives {
    return new Collectives(0, 1);
  }

  /** Throws when a neighbour is known to be lost. */
  check(): void {
    this.#links?.next.check();
    this.#links?.previous.check();
  }

  timing(): RingTiming {
    const links = this.#links ? [this.#links.next, this.#links.previous] : [];
    const total = (of: (link: Link) => number) => links.reduce((sum, link) => sum + of(link), 0);
    return {
      waitSeconds: this.#waitMs / 1000,
      transferSeconds: (this.#packMs + total(({ traffic }) => traffic.transferMs)) / 1000,
      bytesSent: total(({ traffic }) => traffic.bytesSent),
      bytesReceived: total(({ traffic }) => traffic.bytesReceived),
    };
  }

  /** Awaits what stands between this rank and its next computation, and counts the time. */
  async stand<T>(until: Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      return await until;
    } finally {
      this.#waitMs += performance.now() - began;
    }
  }

  /** Positions travel with their tokens. Resolves when the block's memory may be written to again. */
  sendKeyValues({ k, v, positions }: KeyValueBlock, travel = EXACT): Promise<void> {
    return this.#sendFloats('keyValues', positions.length, [positions], { k, v }, travel);
  }

  /** A block whose keys, and values, are `length` floats each. May be called ahead; `release` k and v after use. */
  receiveKeyValues(length: number, travel = EXACT): Promise<KeyValueBlock> {
    const due = this.#previous.receive('keyValues').then(({ payload, tag: tokens }) => {
      if (payload.byteLength !== 4 * tokens + 2 * length * bytesPerFloat(travel.wire)) {
        throw mismatch('keys and values', this.#previous);
      }
      const positions = new Int32Array(payload.slice(0, 4 * tokens).buffer);
      const [k, v] = this.#timed(() => unpack(payload.buffer, 4 * tokens, length, travel, this.#buffers));
      return { positions, k, v };
    });
    return quietly(due);
  }

  sendGradient(dk: Float32Array, dv: Float32Array, travel = EXACT): Promise<void> {
    return this.#sendFloats('gradient', 0, [], { dk, dv }, travel);
  }

  /** The gradient of a block's keys and values, of `length` floats each. May be called ahead. */
  receiveGradient(length: number, travel = EXACT): Promise<{ dk: Float32Array; dv: Float32Array }> {
    const due = this.#previous.receive('gradient').then(({ payload }) => {
      if (payload.byteLength !== 2 * length * bytesPerFloat(travel.wire)) {
        throw mismatch('a gradient', this.#previous);
      }
      const [dk, dv] = this.#timed(() => unpack(payload.buffer, 0, length, travel, this.#buffers));
      return { dk, dv };
    });
    return quietly(due);
  }

  /** Memory for a block of `length` floats; its contents are anything. Give it back with `release`. */
  borrow(length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#buffers.take(4 * length));
  }

  /** Nobody reads these any more, nor are they on their way: the next hop may have their memory. */
  release(...views: readonly ArrayBufferView[]): void {
    for (const { buffer } of views) this.#buffers.give(buffer as ArrayBuffer);
  }

  /**
   * Sums `values` over all ranks, in place: a reduce-scatter, then an all-gather (Patarasuk & Yuan 2009). Part i
   * is always summed in the order of ranks i, i+1, … i−1, and the others copy the bits of the rank that ends it.
   */
  async allReduce(values: Float32Array): Promise<void> {
    const { worldSize, rank } = this;
    const operation = ++this.#operation;
    const part = (index: number) => {
      const i = ((index % worldSize) + worldSize) % worldSize;
      const size = Math.ceil(values.length / worldSize);
      return values.subarray(Math.min(i * size, values.length), Math.min((i + 1) * size, values.length));
    };
    for (let hop = 0; hop < worldSize - 1; hop++) {
      const addend = await this.#exchange(operation, part(rank - hop), part(rank - hop - 1).length);
      const target = part(rank - hop - 1);
      for (let i = 0; i < target.length; i++) target[i] = addend[i]! + target[i]!;
      this.release(addend);
    }
    for (let hop = 0; hop < worldSize - 1; hop++) {
      const whole = await this.#exchange(operation, part(rank + 1 - hop), part(rank - hop).length);
      part(rank - hop).set(whole);
      this.release(whole);
    }
  }

  /** Everybody's bytes, by rank. */
  async allGather(own: Uint8Array): Promise<Uint8Array[]> {
    const operation = ++this.#operation;
    const gathered: Uint8Array[] = Array.from({ length: this.worldSize }, () => own);
    for (let hop = 0; hop < this.worldSize - 1; hop++) {
      const sent = this.#next.send('gather', operation, gathered[this.#before(hop)]!);
      const { payload } = await this.stand(this.#previous.receive('gather', operation));
      gathered[this.#before(hop + 1)] = payload;
      await this.stand(sent);
    }
    return gathered;
  }

  /** Everybody's numbers, by rank: small things, in float64. */
  async allGatherNumbers(own: readonly number[]): Promise<number[][]> {
    const gathered = await this.allGather(new Uint8Array(Float64Array.from(own).buffer));
    return gathered.map((bytes) => {
      if (bytes.byteLength !== 8 * own.length) throw mismatch('a list of numbers', this.#previous);
      return [...new Float64Array(bytes.slice().buffer)];
    });
  }

  /** The bytes of rank `root`; what the others pass is not looked at. */
  async broadcast(bytes: Uint8Array, root = 0): Promise<Uint8Array> {
    const operation = ++this.#operation;
    if (this.worldSize === 1) return bytes;
    const held =
      this.rank === root ? bytes : (await this.stand(this.#previous.receive('broadcast', operation))).payload;
    const nextIsRoot = (this.rank + 1) % this.worldSize === root;
    if (!nextIsRoot) await this.stand(this.#next.send('broadcast', operation, held));
    return held;
  }

  /** Returns when every rank has called it. */
  async barrier(): Promise<void> {
    await this.allGather(new Uint8Array(0));
  }

  async close(): Promise<void> {
    if (this.#links) await Promise.all([this.#links.next.close(), this.#links.previous.close()]);
  }

  /** Drops the links at once: the neighbours see a broken ring. */
  destroy(): void {
    this.#links?.next.destroy();
    this.#links?.previous.destroy();
  }

  get #next(): Link {
    return this.#links!.next;
  }

  get #previous(): Link {
    return this.#links!.previous;
  }

  #before(hops: number): number {
    return (((this.rank - hops) % this.worldSize) + this.worldSize) % this.worldSize;
  }

  async #exchange(operation: number, own: Float32Array, length: number): Promise<Float32Array> {
    const sent = this.#next.send('reduce', operation, own);
    const { payload } = await this.stand(this.#previous.receive('reduce', operation));
    // The part sent now is written to in a later hop.
    await this.stand(sent);
    if (payload.byteLength !== 4 * length) throw mismatch('a sum', this.#previous);
    return new Float32Array(payload.buffer, 0, length);
  }

  #sendFloats(
    type: FrameType,
    tag: number,
    before: ArrayBufferView[],
    tensors: Record<string, Float32Array>,
    travel: Travel,
  ): Promise<void> {
    const packed = this.#timed(() => pack(tensors, travel, this.#buffers));
    const sent = this.#next.send(type, tag, ...before, ...packed);
    if (travel.wire === 'float32') return sent;
    return quietly(sent.then(() => this.release(...packed)));
  }

  #timed<T>(packing: () => T): T {
    const began = performance.now();
    const result = packing();
    this.#packMs += performance.now() - began;
    return result;
  }
}

/** A failure of something begun ahead is met when it is awaited, not before. */
function quietly<T>(ahead: Promise<T>): Promise<T> {
  ahead.catch(() => undefined);
  return ahead;
}

const mismatch = (what: string, link: Link) =>
  new RingBrokenError(
    `${link.name} sent ${what} of another size than this rank holds.`,
    'All slots of a ring must run the same version.',
  );
