import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { startBackend } from '../../src/backend/backend.ts';
import { NativeBlockAttention } from '../../src/attention/native-block-attention.ts';
import { anyCase, COVERING, exactOperands, nameOf, operandsOf, type Case } from './cases.ts';
import { BOUND, faults, referenceOf } from './compare.ts';
import { ENGINES, found } from './engines.ts';
import { NAMES, onRing } from './on-ring.ts';

/** Operands are rounded by up to 2⁻⁸ of themselves, probabilities and their gradients too; most of it evens out. */
const BFLOAT16_BOUND = 2 ** -6;

const hasCargo = () => spawnSync('cargo', ['--version']).status === 0;

describe('ring attention', () => {
  before(async () => {
    await startBackend();
    if ('reason' in found) console.log(`      Compiled kernels are not tested here: ${found.reason}.`);
  });

  it('has its compiled kernels wherever they can be built', () => {
    assert.ok('kernels' in found || !hasCargo(), 'reason' in found ? found.reason : '');
  });

  if ('kernels' in found) {
    const { kernels } = found;
    for (const variant of kernels.variants) {
      it(`is near full attention by kernel ${variant} with bfloat16 products`, async function () {
        const engine = new NativeBlockAttention(kernels, { variant, threads: 1, precision: 'bfloat16' });
        const shape: Case = { ...COVERING[0]!, headDim: 64, worldSize: 3, layout: 'zigzag', scores: 8 };
        const operands = operandsOf(shape);
        const ours = await onRing(engine, operands, shape).catch((error: Error) => error);
        if (ours instanceof Error && ours.message.includes('multiplies no bfloat16 on this processor')) {
          console.log(`      Kernel ${variant} has no bfloat16 products on this processor: not tested.`);
          return this.skip();
        }
        if (ours instanceof Error) throw ours;
        const reference = referenceOf('8', operands, shape);
        assert.deepEqual(faults(ours, reference, BFLOAT16_BOUND), []);
        assert.equal(faults(ours, reference, BOUND).length, NAMES.length, 'and it is not float32');
      });
    }
  }

  for (const { name: engineName, engine } of ENGINES) {
    describe(`by ${engineName}`, () => {
      async function assertParity(shape: Case) {
        const operands = operandsOf(shape);
        const reference = referenceOf(`${shape.scores}`, operands, shape);
        assert.deepEqual(faults(await onRing(engine, operands, shape), reference, BOUND), [], nameOf(shape));
      }

      for (const each of COVERING) {
        it(`equals full attention, forward and backward: ${nameOf(each)}`, () => assertParity(each));
      }

      it('equals full attention whatever the shape', async () => {
        await fc.assert(fc.asyncProperty(anyCase, assertParity), { numRuns: 20, seed: 4 });
      });

      it('overflows nowhere when scores are ±10,000', async () => {
        for (const causal of [true, false]) {
          const shape: Case = {
            heads: 4,
            kvHeads: 2,
            headDim: 16,
            tokens: 77,
            causal,
            worldSize: 3,
            layout: 'zigzag',
            scores: 10_000,
          };
          const operands = exactOperands(shape);
          const reference = referenceOf('exact', operands, shape);
          const ours = await onRing(engine, operands, shape);
          // The way back knows the sum only by its logarithm, and float32 numbers near 10,000 are 0.001 apart.
          assert.deepEqual(faults(ours, reference, 1e-3), []);
          assert.deepEqual(faults({ ...ours, ...gradientsOf(reference) }, reference, BOUND), []);
        }
      });

      it('gives the same bits every time', async () => {
        const shape: Case = { ...COVERING[0]!, worldSize: 4, layout: 'zigzag' };
        const operands = operandsOf(shape);
        const [first, second] = [
          await onRing(engine, operands, shape),
          await onRing(engine, operands, shape),
        ];
        for (const name of NAMES) assert.deepEqual(first[name], second[name]);
      });
    });
  }
});

const gradientsOf = ({ dq, dk, dv }: ReturnType<typeof referenceOf>) => ({
  dq: Float32Array.from(dq),
  dk: Float32Array.from(dk),
  dv: Float32Array.from(dv),
});
