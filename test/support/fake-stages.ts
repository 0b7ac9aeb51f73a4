import type { AlertMessage, AlertTurn } from '../../src/contracts/alerts.ts';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import type { IngestionWindow } from '../../src/contracts/ingestion.ts';
import type { JobRecord } from '../../src/contracts/jobs.ts';
import type { AuditEvent } from '../../src/contracts/audit.ts';
import type { CanaryRecord, ChampionRecord, LifecycleEvent } from '../../src/contracts/lifecycle.ts';
import type { SeriesScore } from '../../src/contracts/series.ts';
import type { RegionScore } from '../../src/contracts/stages.ts';
import type { LostAndFound, TrainingPlan } from '../../src/contracts/training.ts';
import { MissingDataError } from '../../src/errors.ts';
import type { StageRunner } from '../../src/stages/runner.ts';
import { FakeBacktest } from './fake-backtest.ts';
import type { StageInput, StageName, StageOutput } from '../../src/stages/table.ts';

import { FakeTests } from './fake-tests.ts';
import { fakeSearchPlan, fakeSearchResult, fakeTrialScore } from './fake-search.ts';

type Fakes = {
  [Name in StageName]: (
    input: StageInput<Name>,
    options: Parameters<StageRunner>[2],
  ) => StageOutput<Name> | Promise<StageOutput<Name>>;
};

export const reference = (name: string): ArtifactReference => ({
  uri: `manifests/fake/${name}.json`,
  sha256: 'a'.repeat(64),
  bytes: 1,
});

export const windowOf = (region: IngestionWindow['region'], year: number): IngestionWindow => ({
  source: 'eia',
  route: 'region-data',
  region,
  from: `${year}-01-01T01`,
  to: `${year + 1}-01-01T00`,
  dfAvailability: 'operator',
});

export const scoreOf = (region: RegionScore['region'], mape: number): RegionScore => ({
  region,
  hours: 100,
  mape: { model: mape, operator: 2, persistence48: 6, persistence168: 7, latestKnown: 5 },
  mae: {},
  rmse: {},
  mase: {},
  beatsBaselines: mape < 5,
});

export const seriesScoreOf = (forecaster: string, mse: number): SeriesScore => ({
  forecaster,
  validation: { mse, mae: mse },
  test: { mse, mae: mse },
  targets: [],
});

/** Nothing fires and nothing waits. */
export const quietTurn = (): AlertTurn => ({
  status: {
    ...{ at: '2026-01-01', firing: [], count: 0, undecided: [], silences: [] },
    ...{ pending: 0, recent: [], refused: null },
  },
  pending: [],
  nextAt: null,
  answers: [],
});

/**
 * Stages without data: they remember what they were asked, say that nothing is new the second time, and keep a
 * model's files in memory. A test replaces the one it is about.
 */
export class FakeStages {
  readonly calls: { stage: StageName; input: unknown }[] = [];
  readonly made = new Set<string>();
  champion: ChampionRecord | null = null;
  canary: CanaryRecord | null = null;
  history: LifecycleEvent[] = [];
  jobs: JobRecord[] = [];
  versions: number[] = [];
  audit: AuditEvent[] = [];
  mape = 3;
  /** Hours of demand that each region has in the data window. */
  samples = 720;
  /** What versions are said to err by when they are compared; default: `mape`. */
  readonly mapeOf: Record<number, number> = {};
  /** On how many hours. */
  comparedHours = 720;
  trained = false;
  bitsMayDiffer = false;
  /** What the run's journal says of its broken rings. */
  lost: LostAndFound = { stepsLost: 0, fullRestarts: 0, restarts: 0 };
  stepsTaken = 0;
  /** What a training goes on from. */
  saved: Pick<TrainingPlan, 'checkpoint' | 'step' | 'secondsUsed'> = {
    checkpoint: null,
    step: 0,
    secondsUsed: 0,
  };
  /** Which fits of rolling backtests are done. */
  readonly rolling = new FakeBacktest();
  readonly tests = new FakeTests();
  /** What the alerts were told. */
  readonly alerts: AlertMessage[] = [];
  readonly table: Fakes;

  constructor(replaced: Partial<Fakes> = {}) {
    this.table = { ...this.defaults(), ...replaced };
  }

  get run(): StageRunner {
    return async (stage, input, options) => {
      this.calls.push({ stage, input });
      const fake = this.table[stage] as (value: unknown, rest: unknown) => Promise<StageOutput<typeof stage>>;
      return fake(input, options);
    };
  }

  asked(stage: StageName): unknown[] {
    return this.calls.filter((call) => call.stage === stage).map(({ input }) => input);
  }

  /** True from the second time on. */
  private again(name: string): boolean {
    if (this.made.has(name)) return true;
    this.made.add(name);
    return false;
  }

  private stage = (name: string) => () => ({
    dataset: reference(name),
    reused: this.again(name),
    facts: { rows: 10 },
  });

  private defaults(): Fakes {
    return {
      planIngestion: () => ({
        windows: [windowOf('CAL', 2015), windowOf('CAL', 2016), windowOf('MISO', 2015)],
        estimate: { records: 300, requests: 3, seconds: 1 },
        period: { from: '2015-01-01T01', to: '2017-01-01T00' },
      }),
      ingestWindow: ({ region, from }) => {
        const known = this.again(`${region}${from}`);
        return { records: 100, pages: 1, pagesReused: known ? 1 : 0, bytes: 1000, files: 1, quarantined: 0 };
      },
      completeIngestion: ({ period, totals, windows, failedWindows }) => ({
        dataset: reference('grid'),
        period,
        mode: 'full',
        files: totals.files,
        records: totals.records,
        bytes: totals.bytes,
        successRate: (windows - failedWindows) / windows,
        account: [],
      }),
      validate: this.stage('validated'),
      replayQuarantine: ({ dataset }) => ({ dataset, quarantined: 0, wouldPass: 0, rows: [] }),
      engineerFeatures: this.stage('features'),
      cutSequences: this.stage('sequences'),
      planTraining: () => ({
        runId: 'r1',
        result: this.trained ? { ...this.trainingResult(), reused: true } : null,
        numerics: null,
        stepsTaken: this.stepsTaken,
        ...this.lost,
        ...this.saved,
      }),
      finishTraining: ({ results, bitsMayDiffer = false }) => {
        this.trained = true;
        this.bitsMayDiffer = bitsMayDiffer;
        const slotMemoryMb = results.map(({ memoryMb }) => memoryMb);
        return { ...this.trainingResult(), ...this.lost, slotMemoryMb };
      },
      fitForecaster: this.stage('forecaster'),
      backtest: () => ({
        dataset: reference('backtest'),
        reused: this.again('backtest'),
        scores: [scoreOf('CAL', this.mape), scoreOf('MISO', this.mape)],
      }),
      planRollingBacktest: (input) => this.rolling.plan(input),
      backtestStretch: (unit) => this.rolling.fit(unit),
      mergeRollingBacktest: this.rolling.merge,
      writeBacktestReport: () => ({ report: reference('report'), reused: false }),
      registerModel: ({ name }) => {
        const reused = this.again('version');
        if (!reused) this.versions.push(this.versions.length + 1);
        return { name, version: this.versions.length, sha256: 'b'.repeat(64), reused };
      },
      readVersion: ({ name, version }) => {
        if (!this.versions.includes(version)) {
          throw new MissingDataError(`The model ${name} has no version ${version}.`, 'Name another.');
        }
        const lineage = { training: reference(`model${version}`), sequences: reference('sequences') };
        return { record: { lineage }, sha256: `${version}`.repeat(64), model: reference('copy') } as never;
      },
      listModels: ({ name } = {}) => [
        {
          name: name!,
          champion: this.champion,
          canary: null,
          versions: this.versions.map((version) => ({ version }) as never),
        },
      ],
      readChampion: () => this.champion,
      writeChampion: (record) => (this.champion = record),
      readCanary: () => this.canary,
      writeCanary: (record) => (this.canary = record),
      appendHistory: ({ event }) => void this.history.push(event),
      readHistory: () => this.history,
      recordAudit: (event) => void this.audit.push(event),
      ...this.tests.table,
      newestDays: () => ({ from: '2019-02-26', lastHour: '2019-03-01T00' }),
      recordJob: (record) => {
        this.jobs.push(record);
        return { failures: record.outcome === 'failed' ? 1 : 0 };
      },
      forecast: () => {
        throw new MissingDataError('There is no forecast here.', 'Ask a stage with data.');
      },
      explain: this.stage('explanation'),
      turnAlerts: ({ messages }) => {
        this.alerts.push(...messages);
        return quietTurn();
      },
      deliverAlert: () => ({ state: 'sent', says: '' }),
      planSearch: fakeSearchPlan,
      scoreTrial: ({ forecaster, settings, share }) => fakeTrialScore(forecaster, settings, share),
      finishSearch: fakeSearchResult,
      readCsvSeries: this.stage('series'),
      cutSeries: this.stage('series-sequences'),
      fitSeries: this.stage('series-model'),
      backtestSeries: () => ({
        dataset: reference('series-backtest'),
        reused: this.again('series-backtest'),
        scores: [seriesScoreOf('linear', 0.4), seriesScoreOf('last value', 1.3)],
        chosen: 'linear',
        windows: { train: 100, validation: 10, test: 20 },
        coverage: 0.8,
      }),
      registerSeries: ({ name }) => {
        const reused = this.again('series-version');
        if (!reused) this.versions.push(this.versions.length + 1);
        return { name, version: this.versions.length, sha256: 'b'.repeat(64), reused };
      },
      forecastSeries: () => {
        throw new MissingDataError('There is no forecast here.', 'Ask a stage with data.');
      },
      surveyWindow: ({ asOf = '2019-03-03T02', regions }) => ({
        asOf,
        window: { from: '2019-02-01', to: '2019-03-02' },
        samples: Object.fromEntries(regions.map((region) => [region, this.samples])),
      }),
      planStart: () => ({
        champion: this.champion?.version ?? null,
        goOnFrom: null,
        why: 'There is no champion to go on from.',
        ...{ maxSteps: 500, learningRate: 0.002 },
      }),
      compareVersions: ({ versions, from, to }) => ({
        ...{ from, to, hours: this.comparedHours, operatorMape: 2, persistenceMape: 5 },
        mape: versions.map((version) => ({ version, mape: this.mapeOf[version] ?? this.mape })),
      }),
      checkDrift: ({ name, version, asOf = '2019-03-01T00' }) => ({
        ...{ dataset: reference('drift'), reused: false, asOf, drifted: false, findings: [] },
        model: { name, version: version ?? this.champion?.version ?? 1 },
        facts: { psi_score: 0, accuracy: 0.97, baseline_accuracy: 0.97 },
      }),
      writeReport: () => ({ report: reference('report'), reused: this.again('report') }),
    };
  }

  private trainingResult() {
    return {
      model: reference('model'),
      reused: false,
      steps: 10,
      finalLoss: 0.5,
      ...this.lost,
      bitsMayDiffer: this.bitsMayDiffer,
      tokensPerSecond: 1000,
      slotMemoryMb: [100, 100],
    };
  }
}
