import assert from 'node:assert/strict';
import type { Batch } from './samples.ts';
import type { Answers } from './tensors.ts';

/** The same outputs, to 1e-5 of each number: all are about as large as what they are a ratio to. */
export function requireAnswers(answers: Answers, { expected }: Batch): void {
  assert.deepEqual(Object.keys(answers).toSorted(), Object.keys(expected).toSorted());
  for (const [name, { data, shape }] of Object.entries(expected)) {
    const found = answers[name]!;
    assert.deepEqual(found.shape, shape);
    const errors = Array.from(data as Float64Array, (value, i) => Math.abs(found.data[i]! / value - 1));
    const wrong = errors.findIndex((error) => !(error < 1e-5));
    assert.equal(wrong, -1, `${name}[${wrong}] is ${found.data[wrong]}, not ${data[wrong]}`);
  }
}
