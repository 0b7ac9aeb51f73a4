import assert from 'node:assert/strict';
import { z } from 'zod';
import { alertMessage, alertTurn, observation } from '../../src/contracts/alerts.ts';
import { driftInput, driftResult } from '../../src/contracts/drift.ts';
import { ingestionInput, ingestionOutcome } from '../../src/contracts/ingestion.ts';
import { lifecycleStatus } from '../../src/contracts/lifecycle.ts';
import { pipelineInput, pipelineResult } from '../../src/contracts/pipeline.ts';
import { pipelineProgress, trainingStatus } from '../../src/contracts/progress.ts';
import { jobRecord } from '../../src/contracts/jobs.ts';
import { newestDays, scheduledInput } from '../../src/contracts/schedules.ts';
import { comparison, deploymentStatus, learningInput, learningStatus } from '../../src/contracts/learning.ts';
import { seriesPipelineInput, seriesPipelineResult } from '../../src/contracts/series.ts';
import { searchInput, searchPlan } from '../../src/contracts/search.ts';
import {
  backtestProgress,
  rollingBacktestInput,
  rollingBacktestResult,
} from '../../src/contracts/rolling-backtest.ts';
import { slotPoolState } from '../../src/contracts/slot-pool.ts';
import { finishTrainingInput, ringTrainingInput, trainingPlan } from '../../src/contracts/training.ts';
import { describeIssues } from '../../src/errors.ts';
import { FakeBacktest } from '../support/fake-backtest.ts';
import { fakeSearchPlan } from '../support/fake-search.ts';
import { quietTurn, reference, scoreOf, seriesScoreOf } from '../support/fake-stages.ts';
import { jobOf } from '../jobs/sample-job.ts';
import { slotRecordOf } from '../support/fake-slots.ts';

const progress = {
  step: 1,
  totalSteps: null,
  loss: 1,
  secondsUsed: 1,
  budgetSeconds: 60,
  tokensPerSecond: 1,
  memoryMb: 1,
  shares: { compute: 0.9, wait: 0.05, transfer: 0.1, data: 0 },
};
const slot = { ...slotRecordOf(1), session: 's' };
const owner = { workflowId: 'w', firstRunId: 'r' };

const SAMPLES: [string, z.ZodType, unknown][] = [
  ['driftInput', driftInput, { name: 'day-ahead', asOf: '2019-03-03T02', thresholds: { psi: 0.4 } }],
  [
    'driftResult',
    driftResult,
    {
      ...{ dataset: reference('drift'), reused: false, model: { name: 'day-ahead', version: 2 } },
      ...{ asOf: '2019-03-03T02', drifted: true, facts: { psi_score: 0.9 } },
      findings: [{ kind: 'data', region: 'ERCO', what: 'ERCO: demand is unlike itself.' }],
    },
  ],
  ['learningInput', learningInput, { config: { model_name: 'day-ahead' }, asOf: '2019-03-03T02' }],
  [
    'learningStatus',
    learningStatus,
    {
      ...{ model: 'day-ahead', asOf: '2019-03-03T02', phase: null },
      phases: [{ stage: 'collect', state: 'done', seconds: 1.5, facts: { window: 'x' } }],
      result: { outcome: 'refused', reason: 'worse', version: 2, deployment: null },
    },
  ],
  [
    'deploymentStatus',
    deploymentStatus,
    {
      ...{
        model: 'day-ahead',
        version: 2,
        phase: 'approval',
        since: '2019',
        says: 'It waits.',
        outcome: null,
      },
      requests: [{ at: '2019', kind: 'approve', by: 'eve', refusal: 'eve is none of those who may' }],
    },
  ],
  [
    'comparison',
    comparison,
    {
      ...{ from: '2019-03-01T01', to: '2019-03-08T00', hours: 168, operatorMape: null, persistenceMape: 5 },
      mape: [{ version: 1, mape: 3.2 }],
    },
  ],
  ['seriesPipelineInput', seriesPipelineInput, { csv: reference('csv'), time: 'date', targets: ['load'] }],
  [
    'seriesPipelineResult',
    seriesPipelineResult,
    {
      model: { name: 'series', version: 1, champion: true, reused: false },
      promotion: 'Promoted.',
      backtest: {
        dataset: reference('series-backtest'),
        reused: false,
        scores: [seriesScoreOf('linear', 0.4)],
        chosen: 'linear',
        windows: { train: 1, validation: 1, test: 1 },
        coverage: 0.8,
      },
      stages: [{ stage: 'read', state: 'done', seconds: 1.5, facts: { rows: 1 } }],
    },
  ],
  [
    'observation',
    observation,
    { model: 'm', asOf: '2019-03-01T02', source: 'drift', facts: { psi_score: 0.3 } },
  ],
  [
    'alertMessage',
    alertMessage,
    { kind: 'silence', id: 'run/1', body: { model: 'm', until: '2019-03-01T02:00:00Z', by: 'ann' } },
  ],
  ['alertTurn', alertTurn, quietTurn()],
  ['pipelineInput', pipelineInput, {}],
  ['pipelineInput that rolls', pipelineInput, { rolling: {} }],
  [
    'pipelineResult',
    pipelineResult,
    {
      model: { name: 'day-ahead', version: 1, champion: true, reused: false },
      promotion: 'Promoted.',
      scores: [scoreOf('CAL', 3)],
      report: reference('report'),
      stages: [
        { stage: 'ingest', seconds: 1.5, reused: false, facts: { records: 1, note: 'a', none: null } },
      ],
    },
  ],
  [
    'pipelineProgress',
    pipelineProgress,
    {
      stage: null,
      percent: 12.5,
      paused: false,
      stages: [{ stage: 'train', state: 'running', seconds: 0, facts: {} }],
    },
  ],
  ['searchInput', searchInput, {}],
  ['searchPlan', searchPlan, fakeSearchPlan(searchInput.parse({}))],
  ['ingestionInput', ingestionInput, {}],
  ['scheduledInput', scheduledInput, { asOf: '2019-03-01T19' }],
  ['newestDays', newestDays, { from: '2019-02-26', lastHour: '2019-03-01T00' }],
  ['jobRecord', jobRecord, jobOf('r', { facts: { pages: 1, note: 'a', none: null, again: true } })],
  [
    'ingestionOutcome',
    ingestionOutcome,
    {
      dataset: reference('grid'),
      period: { from: '2015-07-01T01', to: '2018-01-01T00' },
      mode: 'full',
      files: 1,
      records: 1,
      bytes: 1,
      successRate: 1,
      account: [],
      pages: 1,
      pagesReused: 1,
      failedWindows: 0,
    },
  ],
  ['ringTrainingInput', ringTrainingInput, { sequences: reference('sequences') }],
  [
    'trainingPlan',
    trainingPlan,
    {
      runId: 'r',
      result: null,
      checkpoint: reference('c'),
      step: 1,
      secondsUsed: 1,
      numerics: null,
      stepsTaken: 2,
      stepsLost: 1,
      fullRestarts: 0,
      restarts: 1,
    },
  ],
  [
    'finishTrainingInput',
    finishTrainingInput,
    {
      input: { sequences: reference('s') },
      runId: 'r',
      checkpoint: reference('c'),
      results: [],
    },
  ],
  [
    'trainingStatus',
    trainingStatus,
    {
      state: 'training',
      epoch: 1,
      ringSize: 2,
      slots: [
        {
          rank: 0,
          queue: 'ring-slot/h/1',
          device: 'cpu',
          kernel: 'avx2',
          threads: 1,
          step: 1,
          loss: null,
          tokensPerSecond: null,
          memoryMb: 1,
          shares: progress.shares,
        },
      ],
      restarts: 0,
      stepsLost: 0,
      fullRestarts: 0,
      waitingFor: null,
      bitsMayDiffer: false,
      progress,
      slotMemoryMb: [1],
      secondsLeft: null,
      lastFailure: null,
    },
  ],
  [
    'slotPoolState',
    slotPoolState,
    {
      slots: [
        {
          slot: slotRecordOf(1),
          session: 's',
          lastSeen: 1,
          draining: false,
          lost: false,
          lostAt: 0,
          losses: 0,
        },
      ],
      leases: [{ requestId: 'a', owner, slots: [slot], expiresAt: 1 }],
      waiting: [
        { requestId: 'b', owner, count: 1, replaces: 'a', device: 'gpu', mixed: false, numerics: 'x' },
      ],
    },
  ],
  [
    'rollingBacktestInput',
    rollingBacktestInput,
    { sequences: reference('sequences'), window: { slidingDays: 365 } },
  ],
  [
    'rollingBacktestResult',
    rollingBacktestResult,
    {
      ...new FakeBacktest().merge(),
      report: reference('r'),
      stretches: 1,
      issues: 2,
      units: 3,
      unitsReused: 0,
    },
  ],
  [
    'backtestProgress',
    backtestProgress,
    {
      ...{ state: 'fitting', paused: true, stretches: 3, issues: 60, units: 12, done: 4, reused: 1 },
      secondsLeft: null,
    },
  ],
  [
    'lifecycleStatus',
    lifecycleStatus,
    { name: 'day-ahead', champion: null, canary: null, generation: 0, versions: [1], events: [] },
  ],
];

describe('contracts', () => {
  for (const [name, schema, sample] of SAMPLES) {
    it(`${name} comes through JSON as it was`, () => {
      const value = schema.parse(sample);
      assert.deepEqual(schema.parse(JSON.parse(JSON.stringify(value))), value);
    });

    it(`${name} refuses a field it does not know`, () => {
      const value = schema.parse(sample) as object;
      assert.equal(schema.safeParse({ ...value, surprise: 1 }).success, false);
    });
  }

  it('make every field of the main inputs optional', () => {
    assert.deepEqual(Object.keys(pipelineInput.parse({})).sort(), [
      'fit',
      'inputs',
      'model',
      'promote',
      'refit',
      'regions',
      'report',
      'score',
      'train',
      'training',
    ]);
    assert.equal(ingestionInput.parse({}).mode, 'full');
  });

  it('take days from the record’s end or fixed ranges, not both', () => {
    assert.deepEqual(pipelineInput.parse({ rolling: {} }).rolling, { scoreDays: 365, trainDays: 913 });
    const both = pipelineInput.safeParse({ rolling: {}, score: { from: '2018', to: '2018' } });
    assert.match(both.error!.issues[0]!.message, /leave out score, or rolling/);
    assert.equal(pipelineInput.safeParse({ rolling: { scoreDays: 0 } }).success, false);
  });

  it('bound what a training may ask for, by the name of the field', () => {
    const wrong: [string, object][] = [
      ['regions', { regions: ['PACW', 'PACW'] }],
      ['training.width', { training: { width: 1e9 } }],
      ['training.layers', { training: { layers: 25 } }],
      ['training.heads', { training: { heads: 33 } }],
      ['training.learningRate', { training: { learningRate: 1e30 } }],
      ['training.maxSteps', { training: { maxSteps: 10_000_001 } }],
      ['training.checkpointEverySteps', { training: { checkpointEverySteps: 1e9 } }],
    ];
    for (const [field, input] of wrong) {
      const { error } = pipelineInput.safeParse(input);
      assert.match(describeIssues(error?.issues ?? []), new RegExp(`^${field}: [^;]+$`));
    }
    assert.equal(ingestionInput.safeParse({ regions: ['CAL', 'CAL'] }).success, false);
    const largest = { width: 1024, layers: 24, heads: 32, learningRate: 1, maxSteps: 10_000_000 };
    assert.ok(pipelineInput.safeParse({ training: largest }).success);
  });
});
