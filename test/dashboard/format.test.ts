import assert from 'node:assert/strict';
import { duration } from '../../src/dashboard/browser/format.js';

describe('figures of the dashboard', () => {
  it('tells how long something takes no finer than anybody counts', () => {
    const told = [0.2, 31.8, 119.4, 119.6, 3599, 7169, 7171, 90_000, 172_800, 276_480].map(duration);
    assert.deepEqual(told, [
      ...['0 s', '32 s', '119 s', '2 min', '60 min', '119 min', '2 h', '25 h', '2 days', '3.2 days'],
    ]);
    assert.deepEqual([undefined, null, Number.NaN].map(duration), ['–', '–', '–']);
  });
});
