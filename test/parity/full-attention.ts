/** Attention and its gradients in plain float64, all scores at once: what the ring is held against. */
export interface Heads {
  heads: number;
  headDim: number;
  tokens: number;
}

export function fullAttention(
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  v: ArrayLike<number>,
  dOut: ArrayLike<number>,
  { heads, headDim, tokens }: Heads,
  causal: boolean,
) {
  const size = heads * tokens * headDim;
  const out = new Float64Array(size);
  const dq = new Float64Array(size);
  const dk = new Float64Array(size);
  const dv = new Float64Array(size);
  for (let head = 0; head < heads; head++) {
    const at = (token: number, c: number) => (head * tokens + token) * headDim + c;
    for (let i = 0; i < tokens; i++) {
      const seen = causal ? i + 1 : tokens;
      const scores = Array.from({ length: seen }, (_, j) => {
        let s = 0;
        for (let c = 0; c < headDim; c++) s += q[at(i, c)]! * k[at(j, c)]!;
        return s / Math.sqrt(headDim);
      });
      const max = Math.max(...scores);
      const total = scores.reduce((sum, s) => sum + Math.exp(s - max), 0);
      const p = scores.map((s) => Math.exp(s - max) / total);
      const dp = p.map((_, j) => {
        let sum = 0;
        for (let c = 0; c < headDim; c++) sum += dOut[at(i, c)]! * v[at(j, c)]!;
        return sum;
      });
      const mean = p.reduce((sum, pj, j) => sum + pj * dp[j]!, 0);
      for (let j = 0; j < seen; j++) {
        const ds = (p[j]! * (dp[j]! - mean)) / Math.sqrt(headDim);
        for (let c = 0; c < headDim; c++) {
          out[at(i, c)]! += p[j]! * v[at(j, c)]!;
          dq[at(i, c)]! += ds * k[at(j, c)]!;
          dk[at(j, c)]! += ds * q[at(i, c)]!;
          dv[at(j, c)]! += p[j]! * dOut[at(i, c)]!;
        }
      }
    }
  }
  return { out, dq, dk, dv };
}
