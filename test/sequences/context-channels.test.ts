import assert from 'node:assert/strict';
import { contextChannelNames, contextChannels } from '../../src/sequences/context-channels.ts';
import { seasonalLag } from '../../src/sequences/seasonal-base.ts';

const HOURS = 24 * 40;
const FIRST = Date.UTC(2018, 10, 1, 1) / 1000;
const demand = Float64Array.from({ length: HOURS }, (_, t) => 1000 + 200 * Math.sin(t / 5) + (t % 53));
const options = { first: FIRST, timeZone: 'America/Chicago', horizon: 48 };
const close = (found: number, wanted: number) =>
  assert.ok(Math.abs(found - wanted) < 1e-5, `${found}, not ${wanted}`);

describe('context channels', () => {
  const channels = new Map(contextChannels(demand, options).map(({ name, values }) => [name, values]));

  it('are named once each, for two weeks of analogs, two days of profile, and the calendar', () => {
    const names = contextChannelNames(48);
    assert.equal(new Set(names).size, names.length);
    assert.equal(names.length, 2 * 48 + 48 + 7 + 3 + 4);
    assert.deepEqual(names, [...channels.keys()]);
  });

  it('say what the target was a week and two weeks ago at the same lead', () => {
    const t = 700;
    for (const lead of [1, 24, 25, 48]) {
      for (const back of [168, 336]) {
        const hour = t - back + lead;
        const target = Math.log(demand[hour]! / demand[hour - seasonalLag(lead)]!);
        close(
          channels.get(`analog_${back}_l${String(lead).padStart(2, '0')}`)![t]!,
          Math.max(-8, Math.min(8, 10 * target)),
        );
      }
    }
  });

  it('say how the last hours stood to the week', () => {
    const t = 500;
    const mean = demand.slice(t - 167, t + 1).reduce((sum, value) => sum + value, 0) / 168;
    close(channels.get('profile_00')![t]!, 5 * Math.log(demand[t]! / mean));
    close(channels.get('profile_47')![t]!, 5 * Math.log(demand[t - 47]! / mean));
    assert.equal(channels.get('profile_00')![166], 0, 'before there is a week');
  });

  it('know the holidays to come', () => {
    // Thanksgiving 2018-11-22, Chicago: local hours 00–24 are the hours ending 07 to 06 UTC.
    const noon = (Date.UTC(2018, 10, 21, 19) / 1000 - FIRST) / 3600;
    assert.equal(channels.get('holiday_0h')![noon], 0);
    assert.equal(channels.get('holiday_+24h')![noon], 1);
    assert.equal(channels.get('holiday_+48h')![noon], 1, 'the day after');
    assert.equal(channels.get('weekend_+48h')![noon], 0);
    assert.equal(channels.get('weekend_+48h')![noon + 24], 1);
    assert.equal(channels.get('holiday_-24h')![noon + 48], 1);
  });

  it('stay finite and within bounds whatever demand is, and 0 where there is none', () => {
    const odd = demand.map((value, t) =>
      t % 97 === 0 ? Number.NaN : t % 89 === 0 ? 0 : t % 83 === 0 ? value * 1e9 : value,
    );
    for (const { name, values } of contextChannels(odd, options)) {
      assert.ok(
        values.every((value) => Number.isFinite(value) && Math.abs(value) <= 8),
        name,
      );
    }
  });

  it('look at no later demand', () => {
    const cut = 600;
    const garbled = demand.map((value, t) => (t > cut ? 7 : value));
    for (const { name, values } of contextChannels(garbled, options)) {
      assert.deepEqual(values.slice(0, cut + 1), channels.get(name)!.slice(0, cut + 1), name);
    }
  });
});

describe('the seasonal lag', () => {
  it('is the least number of whole days that is not shorter than the lead', () => {
    assert.deepEqual([1, 24, 25, 48, 49].map(seasonalLag), [24, 24, 48, 48, 72]);
  });
});
