import assert from 'node:assert/strict';
import { borrow, giveBack, lend } from '../../src/serving/lent-memory.ts';
import { letGoOf, servingTensor, type TensorMap } from '../../src/serving/tensor.ts';

describe('memory that is lent', () => {
  it('is there until its last reader gives it back', () => {
    const bytes = Buffer.alloc(5000, 1);
    lend(bytes);
    borrow(bytes.subarray(10, 20));
    giveBack(bytes);
    assert.equal(bytes.length, 5000);
    giveBack(bytes.subarray(10, 20));
    assert.equal(bytes.length, 0);
  });

  it('is never that in which others have a part, nor little', () => {
    const whole = Buffer.alloc(5000);
    const part = whole.subarray(0, 4000);
    lend(part);
    giveBack(part);
    assert.equal(whole.length, 5000);
    const little = Buffer.alloc(100);
    lend(little);
    giveBack(little);
    assert.equal(little.length, 100);
  });

  it('stays where it was never lent', () => {
    const bytes = Buffer.alloc(5000);
    borrow(bytes);
    giveBack(bytes);
    giveBack(bytes);
    assert.equal(bytes.length, 5000);
  });
});

describe('tensors that nobody reads any more', () => {
  const ofFloats = (data: Float32Array) => servingTensor('float32', [data.length], data);

  it('give their memory back, but for what lies in what stays', () => {
    const [own, shared] = [new Float32Array(1000), new Float32Array(1000)];
    const tensors: TensorMap = new Map([
      ['own', ofFloats(own)],
      ['shared', ofFloats(shared)],
    ]);
    letGoOf(tensors, new Map([['answer', ofFloats(shared.subarray(0, 3))]]));
    assert.deepEqual([own.length, shared.length], [0, 1000]);
    letGoOf(tensors);
    assert.equal(shared.length, 0);
  });

  it('leave alone what is part of more, texts, and what is little', () => {
    const whole = new Float32Array(2000);
    const little = new Float32Array(8);
    letGoOf(
      new Map([
        ['part', ofFloats(whole.subarray(0, 1000))],
        ['little', ofFloats(little)],
        ['texts', servingTensor('string', [1], [Buffer.alloc(5000)])],
      ]),
    );
    assert.deepEqual([whole.length, little.length], [2000, 8]);
  });
});
