import { BadInputError } from '../errors.ts';

export type RingLayout = 'contiguous' | 'zigzag' | 'striped';

/** What every rank of a ring holds of one sequence. */
export interface Deal {
  /** The same on every rank: the padding makes up the difference. */
  tokensPerRank: number;
  /** One a rank, in the order its tokens are held; −1 is padding, always after the rank's own tokens of a chunk. */
  positions: Int32Array[];
}

/** A position that is no hour of the sequence: it is masked out of attention and loss. */
export const PADDING = -1;

/**
 * Deals the positions 0 … length−1 to the ranks. `contiguous` gives rank r the r-th piece. `zigzag` cuts the padded
 * sequence into 2P chunks and gives rank r the chunks r and 2P−1−r, so that under a causal mask every rank has the
 * same amount of attention to compute (the zigzag variant of ring-flash-attention). `striped` gives rank r every P-th
 * position from r on (Brandon et al., Striped Attention, 2023, arXiv:2311.09431): as even, but no tile of it lies
 * wholly before or behind another. Padding stands at the end of the sequence, whichever rank that falls to.
 */
export function dealPositions(length: number, worldSize: number, layout: RingLayout): Deal {
  requireCount(length, 'length', 'hours');
  requireCount(worldSize, 'worldSize', 'slots');
  if (layout === 'striped') return dealStripes(length, worldSize);
  const chunkCount = layout === 'zigzag' ? 2 * worldSize : worldSize;
  const chunkLength = Math.ceil(length / chunkCount);
  const positions = Array.from({ length: worldSize }, (_, rank) => {
    const chunks = layout === 'zigzag' ? [rank, chunkCount - 1 - rank] : [rank];
    return Int32Array.from(
      chunks.flatMap((chunk) => Array.from({ length: chunkLength }, (_, i) => chunk * chunkLength + i)),
      (position) => (position < length ? position : PADDING),
    );
  });
  return { tokensPerRank: (chunkLength * chunkCount) / worldSize, positions };
}

function dealStripes(length: number, worldSize: number): Deal {
  const tokensPerRank = Math.ceil(length / worldSize);
  const positions = Array.from({ length: worldSize }, (_, rank) =>
    Int32Array.from({ length: tokensPerRank }, (_hour, i) => {
      const position = i * worldSize + rank;
      return position < length ? position : PADDING;
    }),
  );
  return { tokensPerRank, positions };
}

function requireCount(value: number, name: string, unit: string): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new BadInputError(`${name} is ${value}.`, `Give a whole number of ${unit}, at least 1.`);
  }
}
