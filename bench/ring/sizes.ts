import type { Measure } from '../measure.ts';
import { measureAttention } from './attention.ts';
import type { AttentionShape } from './own-ring.ts';

const SHAPES: AttentionShape[] = [
  { tokens: 512, heads: 8, headDim: 64 },
  { tokens: 1024, heads: 8, headDim: 64 },
  { tokens: 2048, heads: 8, headDim: 64 },
  { tokens: 8192, heads: 32, headDim: 16 },
  { tokens: 8192, heads: 16, headDim: 32 },
  { tokens: 8192, heads: 4, headDim: 128 },
  { tokens: 32_768, heads: 2, headDim: 64 },
];

/** Other sizes, against PyTorch: figures that say where the ratio is smaller, not floors to keep. */
export async function measureSizes({
  python,
  say,
  shapes = SHAPES,
}: {
  python: string;
  say(line: string): void;
  shapes?: AttentionShape[];
}): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const shape of shapes) {
    say(`${shape.tokens} tokens, ${shape.heads} heads of ${shape.headDim}`);
    const figures = await measureAttention({ python, say, shape, wanted: new Set(['attention']) });
    measures.push(...figures.map((figure) => ({ ...figure, floor: 0, holds: null })));
  }
  return measures;
}
