import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { homeMetrics } from '../../src/dashboard/home-metrics.ts';
import { withHome } from '../backtest/sample-home.ts';

describe('what the home says for Prometheus', () => {
  it('complains of nothing where the end cuts a reading short', () =>
    withHome(async ({ home }) => {
      const complaints: unknown[] = [];
      const measured = homeMetrics(home, (error) => void complaints.push(error), 0);
      // The reading has begun; its thread has not even started.
      await delay(5);
      await measured.close();
      await delay(5);
      assert.deepEqual(complaints, []);
    }));
});
