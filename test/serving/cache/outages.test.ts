import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Outages } from '../../../src/serving/cache/outages.ts';
import { until } from '../../support/until.ts';

function recorded(everyMs: number) {
  const told: string[] = [];
  const outages = new Outages({
    away: (reason, before) => void told.push(`${reason} ${before}`),
    back: () => void told.push('back'),
    everyMs,
  });
  return { outages, told };
}

describe('what is away', () => {
  it('is told of once, and when it is back', () => {
    const { outages, told } = recorded(60_000);
    outages.away('killed');
    outages.away('still killed');
    outages.back();
    outages.back();
    assert.deepEqual(told, ['killed 0', 'back']);
    outages.close();
  });

  it('is told of once where it comes and goes, and then whether it is away', async () => {
    const { outages, told } = recorded(50);
    for (let time = 0; time < 10; time++) {
      outages.away(`time ${time}`);
      if (time < 9) outages.back();
    }
    assert.deepEqual(told, ['time 0 0', 'back']);
    await until(() => told.length > 2);
    outages.back();
    assert.deepEqual(told, ['time 0 0', 'back', 'time 9 8', 'back']);
    outages.close();
  });

  it('is not told of where it is back by the time', async () => {
    const { outages, told } = recorded(20);
    outages.away('first');
    outages.back();
    outages.away('second');
    outages.back();
    await sleep(60);
    assert.deepEqual(told, ['first 0', 'back']);
    outages.away('third');
    assert.deepEqual(told, ['first 0', 'back', 'third 1']);
    outages.close();
  });
});
