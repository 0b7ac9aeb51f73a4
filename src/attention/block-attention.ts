/**
 * One block of queries against one block of keys and values: all that a rank computes between two messages.
 * Arrays are row-major float32 of shape heads × tokens × headDim (kvHeads × tokens × headDim for keys, values and their
 * gradients); positions say which token a row is (−1: padding).
 * An engine is anything that fulfils `BlockAttention`; the ring knows no more of it than this file.
 */
export interface HeadShape {
  heads: number;
  /** Heads of keys and values, a divisor of `heads`: query head h reads kv head ⌊h·kvHeads/heads⌋ (Ainslie et al. 2023). */
  kvHeads: number;
  headDim: number;
}

export interface QueryBlock {
  q: Float32Array;
  positions: Int32Array;
}

export interface KeyValueBlock {
  k: Float32Array;
  v: Float32Array;
  positions: Int32Array;
}

/**
 * Running result of online softmax (Milakov & Gimelshein 2018): `out` is Σ exp(s − max)·v, not yet divided by `sum`.
 * `max` and `sum` are heads × tokens.
 */
export interface AttentionState {
  out: Float32Array;
  max: Float32Array;
  sum: Float32Array;
}

/** What the backward pass needs of the forward one: gradient of the output, log-sum-exp, and Σ dOut·out a row. */
export interface OutputGradient {
  dOut: Float32Array;
  lse: Float32Array;
  delta: Float32Array;
}

/** Of a block's queries, keys and values. */
export interface BlockGradient {
  dq: Float32Array;
  dk: Float32Array;
  dv: Float32Array;
}

export interface BlockOptions extends HeadShape {
  causal: boolean;
  /** Positions that a query sees back, itself included (and ahead, unless causal); absent: all. */
  window?: number;
  /** Lets messages in between two tiles; throws to drop the work. */
  pause(): Promise<void>;
}

export interface BlockAttention {
  /** Folds a block of keys and values into `state`. */
  forward(
    state: AttentionState,
    queries: QueryBlock,
    keyValues: KeyValueBlock,
    options: BlockOptions,
  ): Promise<void>;
  /** Adds what this pair of blocks contributes to dq, dk and dv. */
  backward(
    gradient: BlockGradient,
    output: OutputGradient,
    queries: QueryBlock,
    keyValues: KeyValueBlock,
    options: BlockOptions,
  ): Promise<void>;
}
