import type {
  AttentionState,
  BlockGradient,
  KeyValueBlock,
  OutputGradient,
  QueryBlock,
} from '../attention/block-attention.ts';

/**
 * The compiled kernels (`kernels/addon`). Arrays are lent: a call works on them in place, so nobody may read, write or
 * transfer them before its promise is settled. The addon refuses what it can see (arrays of a wrong size or type,
 * results that overlap anything, shared or resizable memory) with a TypeError or RangeError that names the argument.
 */
export interface Kernels {
  version: string;
  /** Of the attention block, that this processor runs; best first. */
  variants: readonly KernelVariant[];
  /** What products are computed with: like the variant, it decides the bits. */
  productInstructions: string;
  /** Resolves to false when the call was cancelled: what it wrote is then of no use. */
  attentionForward(call: ForwardCall): Promise<boolean>;
  attentionBackward(call: BackwardCall): Promise<boolean>;
  /** A number by which one call can be cancelled. */
  ticket(): number;
  /** False when there is no such call in flight. */
  cancel(ticket: number): boolean;
  // All others end before they return, so they may work on WebAssembly's memory.
  product(call: ProductCall): void;
  /** The upper triangle of XᵀWX into `gram` (width × width) and XᵀWy into `moment`. */
  normalEquations(call: Doubles<'x' | 'y' | 'weights' | 'gram' | 'moment'> & { width: number }): void;
  /** x where a·x = b, of a symmetric positive definite `a` whose upper triangle is read. */
  solvePositive(call: Doubles<'a' | 'b' | 'x'>): void;
  /** zlib's CRC-32 of `bytes`, after what `value` is that of. */
  crc32(call: { bytes: Uint8Array; value: number }): number;
  embedForward(call: OnThreads & Arrays<'inputs' | 'weights' | 'region' | 'y'> & Channels): void;
  embedBackward(call: OnThreads & Arrays<'inputs' | 'dy' | 'dweights' | 'dregion'> & Channels): void;
  projectForward(call: OnThreads & Arrays<'x' | 'gain' | 'weights' | 'y'>): void;
  projectBackward(
    call: OnThreads & Arrays<'x' | 'gain' | 'weights' | 'dy' | 'dx' | 'dgain' | 'dweights'>,
  ): void;
  thinkForward(call: OnThreads & Arrays<'x' | 'attended' | MlpWeights | 'y'>): void;
  thinkBackward(
    call: OnThreads & Arrays<'x' | 'attended' | MlpWeights | 'dy' | 'dx' | 'dattended' | `d${MlpWeights}`>,
  ): void;
  predictForward(
    call: OnThreads & Arrays<'x' | 'gain' | 'out' | 'region' | 'inputs' | 'direct' | 'y'> & Channels,
  ): void;
  /** Columns of `matrix` to heads × tokens × headDim, turned by position where `cos` and `sin` are given. */
  toHeadRows(call: OnThreads & HeadMove): void;
  /** The reverse, turned back. */
  fromHeadRows(call: OnThreads & HeadMove): void;
}

type Arrays<Name extends string> = Record<Name, Float32Array>;
type Doubles<Name extends string> = Record<Name, Float64Array>;
type MlpWeights = 'out' | 'gain' | 'inward' | 'bias' | 'outward';

interface OnThreads {
  threads: number;
}

interface Channels {
  channels: number;
}

/** `rows` rows of a matrix of `columns` columns that begins at token `first`; the heads begin at column `at`. */
export interface HeadMove {
  rows: number;
  columns: number;
  at: number;
  first: number;
  tokens: number;
  heads: number;
  headDim: number;
  matrix: Float32Array;
  byHead: Float32Array;
  cos?: Float32Array | undefined;
  sin?: Float32Array | undefined;
}

export type KernelVariant = 'avx512' | 'avx2' | 'neon' | 'portable';
export type Precision = 'float32' | 'bfloat16';

interface BlockCall {
  ticket: number;
  variant: KernelVariant;
  threads: number;
  precision: Precision;
  heads: number;
  kvHeads: number;
  headDim: number;
  causal: boolean;
  window?: number | undefined;
  q: QueryBlock['q'];
  queryPositions: QueryBlock['positions'];
  k: KeyValueBlock['k'];
  v: KeyValueBlock['v'];
  keyPositions: KeyValueBlock['positions'];
}

export type ForwardCall = BlockCall & AttentionState;

export type BackwardCall = BlockCall & OutputGradient & BlockGradient;

/** out (rows × columns) = a (rows × inner) · b (inner × columns), or added to `out`. */
export interface ProductCall {
  a: Float32Array;
  b: Float32Array;
  out: Float32Array;
  rows: number;
  inner: number;
  columns: number;
  /** `a` is stored inner × rows. */
  transposeA: boolean;
  /** `b` is stored columns × inner. */
  transposeB: boolean;
  accumulate: boolean;
  threads: number;
}

/** As the addon exports it. */
export interface KernelExports extends Omit<Kernels, 'version' | 'variants' | 'productInstructions'> {
  cancelAll(): void;
  interfaceVersion(): number;
  version(): string;
  variants(): KernelVariant[];
  productInstructions(): string;
}

/** The version of these calls; `kernels/addon/src/lib.rs` has the same number. */
export const KERNEL_INTERFACE = 2;
