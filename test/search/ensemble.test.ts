import assert from 'node:assert/strict';
import { weighMembers } from '../../src/search/ensemble.ts';
import type { TrialHours } from '../../src/search/trial-hours.ts';
import { randomOf } from '../../src/model/random.ts';

const HOURS = 24 * 42;
const actual = Float64Array.from({ length: HOURS }, (_, i) => 1000 + 100 * Math.sin(i / 4));

function table(error: (i: number) => number, region: TrialHours['region'] = 'CAL', skip = 0): TrialHours {
  const rows = Array.from({ length: HOURS - skip }, (_, i) => i + skip);
  return {
    region,
    validAt: Float64Array.from(rows, (i) => 1_500_000_000 + 3600 * i),
    actual: Float64Array.from(rows, (i) => actual[i]!),
    forecast: Float64Array.from(rows, (i) => actual[i]! * (1 + error(i))),
  };
}
const member = (id: string, ...tables: TrialHours[]) => ({ id, tables });

describe('an ensemble of trials', () => {
  it('weighs opposite errors so that they cancel, by region', () => {
    const [high, low] = [() => 0.03, () => -0.01];
    const ensemble = weighMembers([
      member('a', table(high), table(low, 'MISO')),
      member('b', table(low, 'CAL', 48), table(high, 'MISO')),
    ])!;
    const rounded = Object.entries(ensemble.weights).map(([region, weights]) => [
      region,
      ...weights.map((weight) => Math.round(100 * weight)),
    ]);
    assert.deepEqual(rounded, [
      ['CAL', 25, 75],
      ['MISO', 75, 25],
    ]);
    assert.ok(ensemble.mape < 0.01);
    assert.equal(Math.round(100 * ensemble.bestMember), 200);
  });

  it('says what weights are worth on hours that they were not fitted on', () => {
    const random = randomOf('ensemble');
    const noise = Array.from({ length: 4 }, () =>
      Array.from({ length: HOURS }, () => 0.1 * (random() - 0.5)),
    );
    const members = noise.map((errors, m) =>
      member(
        `m${m}`,
        table((i) => errors[i]!),
      ),
    );
    const { mape, weights, bestMember } = weighMembers(members)!;
    const inSample = actual.reduce((sum, _, i) => {
      const error = noise.reduce((total, errors, m) => total + weights['CAL']![m]! * errors[i]!, 0);
      return sum + Math.abs(error) / HOURS;
    }, 0);
    assert.ok(mape > 100 * inSample, 'what was fitted on the same hours looks better than it is');
    assert.ok(mape < bestMember);
    assert.ok(weights['CAL']!.every((weight) => weight >= 0));
  });

  it('takes two members, with hours in common', () => {
    const one = member(
      'a',
      table(() => 0.01),
    );
    assert.equal(weighMembers([one]), undefined);
    assert.equal(
      weighMembers([
        one,
        member(
          'b',
          table(() => 0.01, 'MISO'),
        ),
      ]),
      undefined,
    );
  });
});
