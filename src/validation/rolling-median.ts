/**
 * A multiset of numbers kept in order. Insertion moves at most `capacity` values, which for a month of hours
 * costs less than the two heaps that would move fewer.
 */
export class SortedWindow {
  private readonly values: Float64Array;
  private size = 0;

  constructor(capacity: number) {
    this.values = new Float64Array(capacity);
  }

  get count(): number {
    return this.size;
  }

  insert(value: number): void {
    const at = this.lowerBound(value);
    this.values.copyWithin(at + 1, at, this.size);
    this.values[at] = value;
    this.size++;
  }

  /** `value` must be one that was inserted and not removed since. */
  remove(value: number): void {
    const at = this.lowerBound(value);
    this.values.copyWithin(at, at + 1, this.size);
    this.size--;
  }

  /** `remove` and `insert` at once: moves only what lies between the two. */
  replace(old: number, value: number): void {
    const from = this.lowerBound(old);
    const to = this.lowerBound(value);
    if (to > from) {
      this.values.copyWithin(from, from + 1, to);
      this.values[to - 1] = value;
    } else {
      this.values.copyWithin(to + 1, to, from);
      this.values[to] = value;
    }
  }

  /** The mean of the two middle values when their number is even; NaN when there is none. */
  median(): number {
    if (this.size === 0) return Number.NaN;
    const half = this.size >> 1;
    const upper = this.values[half]!;
    return this.size % 2 === 1 ? upper : (this.values[half - 1]! + upper) / 2;
  }

  private lowerBound(value: number): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.values[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Medians are taken over values that could be a load at all: finite and above zero. */
export const countsForMedian = (value: number): boolean => value > 0 && value < Infinity;

/**
 * `result[i]`, for i in 0..n, is the median of the `window` hours before hour i, so it never sees hour i itself;
 * NaN where fewer than `minimum` of them count.
 */
export function trailingMedians(values: Float64Array, window: number, minimum: number): Float64Array {
  return windowMedians(values, values.length + 1, -window, 0, minimum);
}

/** `result[i]` is the median over hours i − window/2 up to, and without, i + window/2. */
export function centredMedians(values: Float64Array, window: number, minimum: number): Float64Array {
  return windowMedians(values, values.length, -(window >> 1), window - (window >> 1), minimum);
}

/** Medians of `values[i + from]` up to, and without, `values[i + until]`, for i in 0..count. */
function windowMedians(
  values: Float64Array,
  count: number,
  from: number,
  until: number,
  minimum: number,
): Float64Array {
  const sorted = new SortedWindow(until - from + 1);
  const result = new Float64Array(count).fill(Number.NaN);
  let entering = 0;
  let leaving = 0;
  for (let i = 0; i < count; i++) {
    // In the midst of the record one hour enters for one that leaves.
    if (entering + 1 === i + until && leaving + 1 === i + from && entering < values.length) {
      const [enters, leaves] = [values[entering]!, values[leaving]!];
      if (countsForMedian(enters) && countsForMedian(leaves)) {
        sorted.replace(leaves, enters);
        entering++;
        leaving++;
      }
    }
    for (; entering < Math.min(values.length, i + until); entering++) {
      if (countsForMedian(values[entering]!)) sorted.insert(values[entering]!);
    }
    for (; leaving < Math.min(entering, i + from); leaving++) {
      if (countsForMedian(values[leaving]!)) sorted.remove(values[leaving]!);
    }
    if (sorted.count >= minimum) result[i] = sorted.median();
  }
  return result;
}
