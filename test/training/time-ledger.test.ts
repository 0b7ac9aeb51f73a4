import assert from 'node:assert/strict';
import { TimeLedger } from '../../src/training/time-ledger.ts';

describe('the ledger of time', () => {
  it('tells where the last seconds went, and all of them', () => {
    const now = { ms: 0, wait: 0, transfer: 0, data: 0 };
    const ledger = new TimeLedger(
      {
        ring: () => ({ waitSeconds: now.wait, transferSeconds: now.transfer }),
        data: () => now.data,
      },
      () => now.ms,
    );
    const step = (ms: number, wait: number, transfer: number, data: number) => {
      now.ms += ms;
      now.wait += wait;
      now.transfer += transfer;
      now.data += data;
      ledger.step();
    };
    assert.deepEqual(ledger.recent(), { compute: 0, wait: 0, transfer: 0, data: 0 });
    step(1000, 0.1, 0.2, 0.05);
    assert.deepEqual(ledger.recent(), { compute: 0.85, wait: 0.1, transfer: 0.2, data: 0.05 });
    for (let i = 0; i < 10; i++) step(1000, 0.5, 0.3, 0);
    // The first step lies more than ten seconds back.
    assert.deepEqual(ledger.recent(), { compute: 0.5, wait: 0.5, transfer: 0.3, data: 0 });
    assert.deepEqual(ledger.total(), { compute: 0.532, wait: 0.464, transfer: 0.291, data: 0.005 });
    // One step longer than that is told of alone.
    step(60_000, 6, 0, 30);
    assert.deepEqual(ledger.recent(), { compute: 0.4, wait: 0.1, transfer: 0, data: 0.5 });
  });
});
