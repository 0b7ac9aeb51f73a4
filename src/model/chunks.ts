import type { ModelConfig } from './config.ts';

/** Rows of tokens that a segment of the network is computed for at once: `from` … `to` (excluded). */
export interface Chunk {
  from: number;
  to: number;
}

/**
 * Floats of the widest array of a chunk: 8 MB. What a segment holds while it is computed is some ten such arrays,
 * whatever the sequence's length, and the products are still large enough to run at full speed.
 */
export const WIDEST = 2 ** 21;

/** Cuts a rank's tokens into chunks of nearly the same size. */
export function chunksOf(
  tokens: number,
  { mlpWidth, width, channels }: ModelConfig,
  widest = WIDEST,
): Chunk[] {
  const most = Math.max(1, Math.floor(widest / Math.max(mlpWidth, 3 * width, channels.length)));
  const count = Math.ceil(tokens / most);
  return Array.from({ length: count }, (_, i) => ({
    from: Math.floor((i * tokens) / count),
    to: Math.floor(((i + 1) * tokens) / count),
  }));
}

export const rowsOf = (data: Float32Array, columns: number, { from, to }: Chunk): Float32Array =>
  data.subarray(from * columns, to * columns);
