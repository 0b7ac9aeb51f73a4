import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Kernels } from '../../src/native/kernels.ts';
import { kernelsOr } from './kernels.ts';
import { attentionCall, denseCalls, type LooseCall } from './valid-calls.ts';

const CHILD = fileURLToPath(new URL('./fuzz-child.ts', import.meta.url));
const RUNS = 4000;

describe('the addon’s arguments', () => {
  let kernels: Kernels;
  before(function () {
    kernels = kernelsOr(this);
  });

  const forward = (changes: LooseCall) =>
    kernels.attentionForward({ ...attentionCall(kernels, 'forward'), ...changes } as never);
  const backward = (changes: LooseCall) =>
    kernels.attentionBackward({ ...attentionCall(kernels, 'backward'), ...changes } as never);

  it('never end the process, however wrong they are', () => {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [CHILD, String(RUNS)], {
      encoding: 'utf8',
    });
    assert.deepEqual({ status, signal }, { status: 0, signal: null }, stderr);
    const { refused, taken } = JSON.parse(stdout) as { refused: number; taken: number };
    assert.equal(refused + taken, RUNS);
    assert.ok(refused > RUNS / 2, `only ${refused} were refused`);
  });

  const WRONG: [changes: LooseCall, name: string, message: string][] = [
    [{ threads: Number.NaN }, 'RangeError', 'threads is NaN, not a whole number from 1 to 1024'],
    [{ threads: '2' }, 'TypeError', 'threads must be a number, not a string'],
    [{ causal: 1 }, 'TypeError', 'causal must be a boolean, not a number'],
    [{ q: [1, 2] }, 'TypeError', 'q must be a Float32Array, not an object of another type'],
    [{ v: new Float64Array(24) }, 'TypeError', 'v must be a Float32Array, not an array of another type'],
    [{ precision: 'float16' }, 'RangeError', 'precision is "float16", not "float32" or "bfloat16"'],
    [{ window: 0 }, 'RangeError', 'window is 0, not a whole number from 1 to 2147483647'],
    [{ ticket: 4_000_000 }, 'RangeError', 'ticket 4000000 was not given out, or is in use'],
    [
      { out: new Float32Array(new SharedArrayBuffer(320)) },
      'TypeError',
      'out must not lie in a SharedArrayBuffer',
    ],
    [
      { k: new Float32Array(new ArrayBuffer(96, { maxByteLength: 192 })) },
      'TypeError',
      'k must not lie in a resizable ArrayBuffer',
    ],
  ];
  for (const [changes, name, message] of WRONG) {
    it(`are refused by name: ${message}`, () => {
      assert.throws(() => void forward(changes), { name, message });
    });
  }

  it('of sizes that do not fit each other reject the promise, by name', async () => {
    await assert.rejects(forward({ heads: 3 }), { name: 'RangeError', message: /^q has 80 elements/ });
    await assert.rejects(forward({ headDim: 7 }), { name: 'RangeError', message: /^headDim is 7/ });
    await assert.rejects(backward({ dOut: new Float32Array(79) }), {
      name: 'RangeError',
      message: /^dOut has 79/,
    });
    await assert.rejects(backward({ lse: new Float32Array(0) }), {
      name: 'RangeError',
      message: /^lse has 0/,
    });
  });

  it('may not overlap where they are written', async () => {
    const shared = new Float32Array(160);
    const [q, out] = [shared.subarray(0, 80), shared.subarray(79, 159)];
    assert.throws(() => void forward({ q, out }), {
      name: 'RangeError',
      message: 'out is written to and shares memory with q',
    });
    await forward({ q, out: shared.subarray(80) });
    const both = new Float32Array(24);
    assert.throws(() => void backward({ dk: both, dv: both }), /dv is written to and shares memory with dk/);
  });

  it('may not be those of a call in flight that writes them', async () => {
    const out = new Float32Array(80);
    const flying = forward({ out });
    assert.throws(() => void forward({ out }), /out shares memory with out of a call that is not done/);
    assert.throws(() => void forward({ q: out }), /q shares memory with out of a call that is not done/);
    await flying;
    await forward({ out });
  });

  it('may be those of a call in flight that only reads them', async () => {
    const q = new Float32Array(80);
    assert.deepEqual(await Promise.all([forward({ q }), forward({ q })]), [true, true]);
  });

  it('of calls that end at once are refused by name too', () => {
    const [, valid] = denseCalls[0]!;
    const product = (changes: LooseCall) => () => kernels.product({ ...valid(), ...changes } as never);
    assert.throws(product({ b: new Float32Array(5) }), {
      name: 'RangeError',
      message: 'b has 5 elements, not 3 × 4',
    });
    assert.throws(product({ rows: -1 }), { name: 'RangeError', message: /^rows is -1/ });
    assert.throws(product({ accumulate: undefined }), {
      name: 'TypeError',
      message: /^accumulate must be a boolean/,
    });
    const one = new Float32Array(12);
    assert.throws(product({ b: one, out: one.subarray(0, 8) }), /out is written to and shares memory with b/);
  });

  it('of least squares are refused by name too', () => {
    const made = new Map(denseCalls);
    const equations = (changes: LooseCall) => () =>
      kernels.normalEquations({ ...made.get('normalEquations')!(), ...changes } as never);
    const solve = (changes: LooseCall) => () =>
      kernels.solvePositive({ ...made.get('solvePositive')!(), ...changes } as never);
    assert.throws(equations({ x: new Float32Array(10) }), {
      name: 'TypeError',
      message: 'x must be a Float64Array, not an array of another type',
    });
    assert.throws(equations({ weights: new Float64Array(4) }), {
      name: 'RangeError',
      message: 'weights has 4 elements, not 5 × 1',
    });
    assert.throws(equations({ width: 3 }), { name: 'RangeError', message: 'x has 10 elements, not 5 × 3' });
    assert.throws(solve({ a: new Float64Array(8) }), {
      name: 'RangeError',
      message: 'a has 8 elements, not 3 × 3',
    });
    const b = new Float64Array(3);
    assert.throws(solve({ b, x: b }), { message: 'x is written to and shares memory with b' });
  });

  it('name one call to cancel', async () => {
    assert.equal(kernels.cancel(kernels.ticket()), false);
    const ticket = kernels.ticket();
    const flying = forward({ ticket });
    assert.throws(() => void forward({ ticket }), /ticket \d+ was not given out, or is in use/);
    assert.equal(kernels.cancel(ticket), true);
    await flying;
    assert.equal(kernels.cancel(ticket), false);
  });
});
