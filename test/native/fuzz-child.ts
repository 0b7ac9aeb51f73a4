import * as fc from 'fast-check';
import { loadKernels } from '../../src/native/load.ts';
import type { Kernels } from '../../src/native/kernels.ts';
import { attentionCall, denseCalls, type LooseCall } from './valid-calls.ts';

// Calls every function of the addon with arguments that are wrong in every way that a random generator finds. A
// refusal is a TypeError or a RangeError; a crash ends this process, which the test sees. Prints what it saw.

const kernels = loadKernels()!;
const runs = Number(process.argv[2]);

const oddArray = fc.oneof(
  fc.nat(40).map((length) => new Float32Array(length)),
  fc.nat(40).map((length) => new Float64Array(length)),
  fc.nat(40).map((length) => new Int32Array(length).fill(-7)),
  fc.nat(40).map((length) => new Uint8Array(length)),
  fc.constant(new Float32Array(new SharedArrayBuffer(64))),
  fc.constant(new Float32Array(new ArrayBuffer(64, { maxByteLength: 128 }))),
  fc.constant(new BigInt64Array(8)),
  fc.constant(new DataView(new ArrayBuffer(32))),
  fc.constant(detached()),
);
const oddNumber = fc.oneof(
  fc.constantFrom(0, -1, 1.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32, 2 ** 53, 1e300, -0),
  fc.integer(),
);
const anything = fc.oneof(
  oddNumber,
  oddArray,
  fc.constantFrom(undefined, null, true, '', 'avx512', 'float32', {}, [], Symbol.iterator, 10n, () => 1),
);

interface Attempt {
  function: keyof Kernels;
  /** Names of arguments, and what is put in their place; absent: left out. */
  changes: [name: string, value: unknown][];
}

const calls: [keyof Kernels, () => LooseCall][] = [
  ['attentionForward', () => attentionCall(kernels, 'forward')],
  ['attentionBackward', () => attentionCall(kernels, 'backward')],
  ...denseCalls,
];

const attempt: fc.Arbitrary<Attempt> = fc.constantFrom(...calls).chain(([name, valid]) =>
  fc.record({
    function: fc.constant(name),
    changes: fc.array(fc.tuple(fc.constantFrom(...Object.keys(valid())), anything), {
      minLength: 1,
      maxLength: 3,
    }),
  }),
);

const seen = { refused: 0, taken: 0 };

async function make({ function: name, changes }: Attempt): Promise<void> {
  const valid = calls.find(([known]) => known === name)![1]();
  const call = { ...valid, ...Object.fromEntries(changes) };
  try {
    await (kernels[name] as (call: LooseCall) => unknown)(call);
    seen.taken++;
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    if (error.message.length < 8) throw new Error(`it does not say why: ${error.message}`, { cause: error });
    seen.refused++;
  }
}

for (const [name, valid] of calls) await (kernels[name] as (call: LooseCall) => unknown)(valid());
for (const odd of [undefined, null, 1, 'x', [], () => 1]) {
  for (const [name] of calls) {
    try {
      await (kernels[name] as (call: unknown) => unknown)(odd);
      throw new Error(`${name} took ${String(odd)}`);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
}
await fc.assert(fc.asyncProperty(attempt, make), { numRuns: runs, seed: 11, endOnFailure: true });
console.log(JSON.stringify(seen));

function detached(): Float32Array {
  const array = new Float32Array(16);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}
