/** Attention and its gradients in plain float64, all scores at once: what the ring is held against. */
export interface Shape {
  heads: number;
  kvHeads: number;
  headDim: number;
  tokens: number;
  causal: boolean;
  window?: number | undefined;
}

export interface Operands<T extends ArrayLike<number> = Float32Array> {
  q: T;
  k: T;
  v: T;
  dOut: T;
}

export function fullAttention({ q, k, v, dOut }: Operands, shape: Shape) {
  const { heads, kvHeads, headDim, tokens } = shape;
  const out = new Float64Array(q.length);
  const dq = new Float64Array(q.length);
  const dk = new Float64Array(k.length);
  const dv = new Float64Array(v.length);
  // The sums of dq and dk without their cancellations: what rounding errors are in proportion to.
  const dqTerms = new Float64Array(q.length);
  const dkTerms = new Float64Array(k.length);
  for (let head = 0; head < heads; head++) {
    const kvHead = Math.floor(head / (heads / kvHeads));
    for (let i = 0; i < tokens; i++) {
      const row = (head * tokens + i) * headDim;
      const seen = keysOf(i, shape);
      const column = (j: number) => (kvHead * tokens + j) * headDim;
      const scores = seen.map((j) => dot(q, row, k, column(j), headDim) / Math.sqrt(headDim));
      const max = Math.max(...scores);
      const total = scores.reduce((sum, s) => sum + Math.exp(s - max), 0);
      const p = scores.map((s) => Math.exp(s - max) / total);
      const dp = seen.map((j) => dot(dOut, row, v, column(j), headDim));
      const mean = p.reduce((sum, each, n) => sum + each * dp[n]!, 0);
      seen.forEach((j, n) => {
        const ds = (p[n]! * (dp[n]! - mean)) / Math.sqrt(headDim);
        const terms = (p[n]! * (Math.abs(dp[n]!) + Math.abs(mean))) / Math.sqrt(headDim);
        const at = column(j);
        for (let c = 0; c < headDim; c++) {
          out[row + c]! += p[n]! * v[at + c]!;
          dq[row + c]! += ds * k[at + c]!;
          dk[at + c]! += ds * q[row + c]!;
          dqTerms[row + c]! += terms * Math.abs(k[at + c]!);
          dkTerms[at + c]! += terms * Math.abs(q[row + c]!);
          dv[at + c]! += p[n]! * dOut[row + c]!;
        }
      });
    }
  }
  return { out, dq, dk, dv, terms: { dq: largest(dqTerms), dk: largest(dkTerms) } };
}

export const largest = (values: Float64Array) =>
  values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);

/** The largest score there is, in float64. */
export function largestScore({ q, k }: Pick<Operands, 'q' | 'k'>, shape: Shape): number {
  const { heads, kvHeads, headDim, tokens } = shape;
  let largest = 0;
  for (let head = 0; head < heads; head++) {
    const kvHead = Math.floor(head / (heads / kvHeads));
    for (let i = 0; i < tokens; i++) {
      for (const j of keysOf(i, shape)) {
        const score = dot(q, (head * tokens + i) * headDim, k, (kvHead * tokens + j) * headDim, headDim);
        largest = Math.max(largest, Math.abs(score) / Math.sqrt(headDim));
      }
    }
  }
  return largest;
}

function keysOf(query: number, { tokens, causal, window = Infinity }: Shape): number[] {
  const first = Math.max(0, query - window + 1);
  const last = causal ? query : Math.min(tokens - 1, query + window - 1);
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
}

function dot(a: ArrayLike<number>, atA: number, b: ArrayLike<number>, atB: number, length: number): number {
  let sum = 0;
  for (let c = 0; c < length; c++) sum += a[atA + c]! * b[atB + c]!;
  return sum;
}
