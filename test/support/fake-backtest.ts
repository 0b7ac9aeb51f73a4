import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import {
  settledPlan,
  unitAt,
  unitCount,
  type MergeResult,
  type RollingBacktestInput,
  type RollingPlan,
  type RollingUnit,
  type RollingUnitResult,
} from '../../src/contracts/rolling-backtest.ts';
import { toHourStamp } from '../../src/contracts/time.ts';

const reference = (name: string): ArtifactReference => ({
  uri: `manifests/fake/${name}.json`,
  sha256: 'a'.repeat(64),
  bytes: 1,
});

const FIRST = Date.UTC(2018, 0, 1, 15) / 1000;
const DAY = 86_400;

/** A year of issues without data: it remembers which fits are done, as a home does. */
export class FakeBacktest {
  readonly done = new Set<string>();
  stretches = 3;

  plan(input: RollingBacktestInput): RollingPlan {
    const plan = {
      forecasters: input.forecasters,
      model: input.model ?? input.forecasters.at(-1)!,
      regions: input.regions ?? ['CAL' as const, 'MISO' as const],
      score: { from: '2018', to: '2018' },
      stretches: Array.from({ length: this.stretches }, (_, i) => ({
        from: toHourStamp(FIRST + i * 30 * DAY),
        to: toHourStamp(FIRST + (i + 1) * 30 * DAY),
      })),
    };
    const units = Array.from({ length: unitCount(plan, input) }, (_, unit) => unit);
    const missing = units.filter((unit) => !this.done.has(nameOf(unitAt(unit, input, plan))));
    return { ...settledPlan.parse(plan), issues: 60 * this.stretches, missing };
  }

  fit(unit: RollingUnit): RollingUnitResult {
    const name = nameOf(unit);
    const reused = this.done.has(name);
    this.done.add(name);
    return { dataset: reference(`predictions-${name}`), reused, facts: {} };
  }

  merge = (): MergeResult => ({
    dataset: reference('rolling'),
    reused: false,
    model: 'ensemble',
    scores: (['CAL', 'MISO'] as const).map((region) => ({
      region,
      hours: 8760,
      mape: { model: 2, ridge: 2.5, operator: 3, persistence48: 8, persistence168: 7, latestKnown: 7 },
      crps: { model: 1.5, operator: 3 },
      coverage: { '0.8': 0.81, '0.9': 0.9 },
      pValue: { operator: 0.01, ridge: null },
      seedSpread: null,
      beatsBaselines: true,
    })),
  });
}

export const nameOf = ({ forecaster, seed, stretch }: RollingUnit) => `${forecaster}-${seed}-${stretch.from}`;
