import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import {
  sequencesCut,
  type FinishSearchInput,
  type SearchInput,
  type SearchPlan,
  type SearchResult,
  type TrialScore,
  type TrialSettings,
} from '../../src/contracts/search.ts';
import { leaderboardOf } from '../../src/contracts/search-ranking.ts';
import { bracketsOf } from '../../src/search/plan-stage.ts';

const reference = (name: string): ArtifactReference => ({
  uri: `manifests/fake/${name}.json`,
  sha256: 'a'.repeat(64),
  bytes: 1,
});

/** The real rungs and draws, on data that is not there. */
export const fakeSearchPlan = (input: SearchInput): SearchPlan => ({
  sequences: input.sequences ?? reference('sequences'),
  features: reference('features'),
  cut: sequencesCut.parse({ regions: ['CAL', 'MISO'] }),
  train: { from: '2015-07', to: '2016-12-31' },
  validation: { from: '2017-01-01', to: '2017' },
  scored: { from: '2018', to: '2018' },
  sequenceLength: 168,
  maxSteps: input.maxSteps ?? 900,
  brackets: bracketsOf(input),
});

/** The nearer a trial's learning rate is to 0.003, the better; training helps all alike. */
export function fakeTrialScore(forecaster: string, settings: TrialSettings, share: number): TrialScore {
  const distance = Math.abs(Math.log(Number(settings['learningRate'] ?? 0.02) / 0.003));
  const mape = (forecaster === 'ridge' ? 5 : 3) + distance + (1 - share);
  const name = `score-${forecaster}-${JSON.stringify(settings).replaceAll(/[^\w.]/g, '')}-${share}`;
  return {
    dataset: reference(name),
    reused: false,
    mape,
    byRegion: { CAL: mape - 1, MISO: mape + 1 },
  };
}

export function fakeSearchResult({ runs, ending, plan, crossRegion }: FinishSearchInput): SearchResult {
  const leaderboard = leaderboardOf(runs);
  return {
    dataset: reference('search'),
    reused: false,
    ending,
    validation: plan.validation,
    best: leaderboard[0]!,
    leaderboard,
    ensemble: null,
    crossRegion,
  };
}
