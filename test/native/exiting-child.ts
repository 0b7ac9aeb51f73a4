import { loadKernels } from '../../src/native/load.ts';
import { NativeBlockAttention } from '../../src/attention/native-block-attention.ts';
import { freshState } from '../../src/attention/softmax.ts';

// Exits in the midst of a call.

const kernels = loadKernels()!;
const [tokens, headDim] = [300_000, 8];
const rows = new Float32Array(tokens * headDim);
const positions = Int32Array.from({ length: tokens }, (_, i) => i);
void new NativeBlockAttention(kernels, { variant: 'portable', threads: 1 }).forward(
  freshState(1, tokens, headDim),
  { q: rows, positions },
  { k: rows, v: rows, positions },
  {
    heads: 1,
    kvHeads: 1,
    headDim,
    causal: true,
    pause: () => {
      console.log('exits');
      process.exit(0);
    },
  },
);
