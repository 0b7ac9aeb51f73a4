import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Kernels } from '../../src/native/kernels.ts';
import type { BlockOptions } from '../../src/attention/block-attention.ts';
import { NativeBlockAttention } from '../../src/attention/native-block-attention.ts';
import { freshState } from '../../src/attention/softmax.ts';
import { kernelsOr, noise } from './kernels.ts';

const EXITING = fileURLToPath(new URL('./exiting-child.ts', import.meta.url));

const SHAPE = { heads: 2, kvHeads: 1, headDim: 16 };

function block(tokens: number) {
  const positions = Int32Array.from({ length: tokens }, (_, i) => i);
  const size = tokens * SHAPE.headDim;
  return { q: noise(1, 2 * size), k: noise(2, size), v: noise(3, size), positions };
}

const options = (pause: () => Promise<void>): BlockOptions => ({ ...SHAPE, causal: true, pause });
const idle = () => Promise.resolve();

describe('the native block', () => {
  let kernels: Kernels;
  before(function () {
    kernels = kernelsOr(this);
  });

  it('has the same bits on any number of threads', async () => {
    const tokens = block(700);
    const [alone, three] = await Promise.all(
      [1, 3].map(async (threads) => {
        const state = freshState(SHAPE.heads, 700, SHAPE.headDim);
        await new NativeBlockAttention(kernels, { threads }).forward(state, tokens, tokens, options(idle));
        return state;
      }),
    );
    assert.deepEqual(alone, three);
  });

  it('lets messages in while it computes, and goes on when they let it', async () => {
    const slow = delayed(kernels, 100);
    const tokens = block(64);
    const state = freshState(SHAPE.heads, 64, SHAPE.headDim);
    let pauses = 0;
    const count = () => Promise.resolve(void pauses++);
    await new NativeBlockAttention(slow, { threads: 1 }).forward(state, tokens, tokens, options(count));
    assert.ok(pauses > 0);
    assert.ok(state.sum.every((sum) => sum > 0));
  });

  it('cancels its call when a pause throws, and is done with the arrays when it says so', async () => {
    const variant = kernels.variants.at(-1)!;
    const tokens = block(30_000);
    const engine = new NativeBlockAttention(kernels, { variant, threads: 1 });
    const state = freshState(SHAPE.heads, 30_000, SHAPE.headDim);
    const lost = new Error('the neighbour is lost');
    const dropped = engine.forward(
      state,
      tokens,
      tokens,
      options(() => Promise.reject(lost)),
    );
    await assert.rejects(dropped, lost);
    // Were the call still at work, its arrays would be lent and this would be refused.
    const short = block(8);
    const again = {
      out: state.out.subarray(0, 256),
      max: state.max.subarray(0, 16),
      sum: state.sum.subarray(0, 16),
    };
    await engine.forward(again, short, short, options(idle));
    assert.ok(
      state.sum.subarray(16).some((sum) => sum === 0),
      'it did not compute to its end',
    );
  });

  it('holds no process up that exits', function () {
    this.timeout(20_000); // To its end the call would take minutes.
    const { status, signal, stdout } = spawnSync(process.execPath, [EXITING], { encoding: 'utf8' });
    assert.deepEqual({ status, signal, stdout }, { status: 0, signal: null, stdout: 'exits\n' });
  });

  it('says by name which array has a wrong size', async () => {
    const tokens = block(8);
    const state = { ...freshState(SHAPE.heads, 8, SHAPE.headDim), sum: new Float32Array(15) };
    const engine = new NativeBlockAttention(kernels, { threads: 1 });
    await assert.rejects(engine.forward(state, tokens, tokens, options(idle)), {
      name: 'RangeError',
      message: 'sum has 15 elements, not 2 heads × 8 tokens × 1',
    });
  });
});

/** The kernels, whose forward pass says so late. */
const delayed = (kernels: Kernels, milliseconds: number): Kernels => ({
  ...kernels,
  attentionForward: async (call) => {
    const done = await kernels.attentionForward(call);
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return done;
  },
});
