/** The one language benchmarks speak. `ratio` is always better when larger. */
export interface Measure {
  measure: string;
  /** The median of the repetitions. */
  ours: number;
  /** Least and greatest of the repetitions. */
  spread?: [number, number];
  /** Null when the figure stands against a target, not another program. */
  peer: string | null;
  /** The peer's median, or the target; null when the peer is not installed. */
  theirs: number | null;
  unit: string;
  ratio: number | null;
  floor: number;
  /** Null when the peer is not installed: that is no pass. */
  holds: boolean | null;
  /** How to install a peer that is not there; what else a reader must know. */
  note?: string;
}

export interface BenchOptions {
  /** The interpreter that has the peers. */
  python: string;
  /** The parts to run, of a benchmark that has parts; absent: all. */
  only?: string[] | undefined;
  /** A line for the person who waits. */
  say(line: string): void;
}

/** What a benchmark's module exports. */
export interface Bench {
  name: string;
  /** What --only takes. */
  parts?: string[];
  run(options: BenchOptions): Promise<Measure[]>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
