import type { Question } from './questions.ts';

/** Of histories, for all models of a thread: five of a year with 311 channels have room. */
const KEPT_BYTES = 64 * 2 ** 20;

type History = Pick<Question, 'history' | 'hours' | 'region'>;

interface Kept extends History {
  /** Whose state it is. */
  of: object;
  state: Float32Array;
}

/**
 * The states of histories that were thought through lately. Callers of one hour ask about the same few histories, and
 * not all of them at one moment. What is found was asked with the very same bytes; of what is kept the longest unused
 * goes first.
 */
export class KeptStates {
  readonly #most: number;
  /** The longest unused first. */
  readonly #kept: Kept[] = [];
  #bytes = 0;

  constructor(mostBytes = KEPT_BYTES) {
    this.#most = mostBytes;
  }

  find(of: object, history: History): Float32Array | undefined {
    const at = this.#kept.findIndex((each) => each.of === of && isSameHistory(each, history));
    if (at < 0) return undefined;
    const [found] = this.#kept.splice(at, 1);
    this.#kept.push(found!);
    return found!.state;
  }

  /** Copies the history: what was asked is given away. */
  keep(of: object, { history, hours, region }: History, state: Float32Array): void {
    if (history.byteLength > this.#most) return;
    this.#bytes += history.byteLength;
    while (this.#bytes > this.#most) this.#drop(0);
    this.#kept.push({ of, hours, region, history: history.slice(), state });
  }

  /** All that is kept of one. */
  forget(of: object): void {
    for (let at = this.#kept.length - 1; at >= 0; at--) if (this.#kept[at]!.of === of) this.#drop(at);
  }

  #drop(at: number): void {
    const [dropped] = this.#kept.splice(at, 1);
    this.#bytes -= dropped!.history.byteLength;
  }
}

/** One for all models of a thread. */
export const OF_THIS_THREAD = new KeptStates();

export function isSameHistory(one: History, other: History): boolean {
  return one.hours === other.hours && one.region === other.region && equalBytes(one.history, other.history);
}

const equalBytes = (one: Float32Array, other: Float32Array) =>
  Buffer.compare(bytesOf(one), bytesOf(other)) === 0;

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  Buffer.from(buffer, byteOffset, byteLength);
