/**
 * Every stage by its name, loaded when it is first asked for: a process that never trains never loads tfjs.
 * Stages are called alike everywhere: `(context, input) => result`.
 */
export const STAGES = {
  planIngestion: async () => (await import('../sources/stage.ts')).planIngestion,
  ingestWindow: async () => (await import('../sources/stage.ts')).ingestWindow,
  completeIngestion: async () => (await import('../sources/stage.ts')).completeIngestion,
  validate: async () => (await import('../validation/stage.ts')).validate,
  replayQuarantine: async () => (await import('../validation/replay-stage.ts')).replayQuarantine,
  engineerFeatures: async () => (await import('../features/stage.ts')).engineerFeatures,
  cutSequences: async () => (await import('../sequences/stage.ts')).cutSequences,
  planTraining: async () => (await import('../training/stage.ts')).planTraining,
  finishTraining: async () => (await import('../training/stage.ts')).finishTraining,
  fitForecaster: async () => (await import('../forecasters/stage.ts')).fitForecaster,
  backtest: async () => (await import('../backtest/stage.ts')).backtest,
  planRollingBacktest: async () => (await import('../backtest/rolling/plan-stage.ts')).planRollingBacktest,
  backtestStretch: async () => (await import('../backtest/rolling/stretch-stage.ts')).backtestStretch,
  mergeRollingBacktest: async () => (await import('../backtest/rolling/merge-stage.ts')).mergeRollingBacktest,
  forecast: async () => (await import('../backtest/forecast-stage.ts')).forecast,
  explain: async () => (await import('../explain/stage.ts')).explain,
  registerModel: async () => (await import('../registry/stage.ts')).registerModel,
  readVersion: async () => (await import('../registry/stage.ts')).readVersion,
  listModels: async () => (await import('../registry/stage.ts')).listModels,
  readChampion: async () => (await import('../registry/stage.ts')).readChampion,
  writeChampion: async () => (await import('../registry/stage.ts')).writeChampion,
  readCanary: async () => (await import('../registry/stage.ts')).readCanary,
  writeCanary: async () => (await import('../registry/stage.ts')).writeCanary,
  appendHistory: async () => (await import('../registry/stage.ts')).appendHistory,
  readHistory: async () => (await import('../registry/stage.ts')).readHistory,
  newestDays: async () => (await import('../jobs/newest-days.ts')).newestDays,
  recordJob: async () => (await import('../jobs/stage.ts')).recordJob,
  recordAudit: async () => (await import('../audit/stage.ts')).recordAudit,
  startABTest: async () => (await import('../ab-test/stage.ts')).startABTest,
  judgeABTest: async () => (await import('../ab-test/stage.ts')).judgeABTest,
  changeABTest: async () => (await import('../ab-test/stage.ts')).changeABTest,
  turnAlerts: async () => (await import('../alerts/stage.ts')).turnAlerts,
  deliverAlert: async () => (await import('../alerts/stage.ts')).deliverAlert,
  planSearch: async () => (await import('../search/plan-stage.ts')).planSearch,
  scoreTrial: async () => (await import('../search/score-stage.ts')).scoreTrial,
  finishSearch: async () => (await import('../search/finish-stage.ts')).finishSearch,
  writeBacktestReport: async () => (await import('../report/backtest-stage.ts')).writeBacktestReport,
  readCsvSeries: async () => (await import('../series/read-stage.ts')).readCsvSeries,
  cutSeries: async () => (await import('../series/cut-stage.ts')).cutSeries,
  fitSeries: async () => (await import('../series/fit-stage.ts')).fitSeries,
  backtestSeries: async () => (await import('../series/backtest-stage.ts')).backtestSeries,
  registerSeries: async () => (await import('../series/register-stage.ts')).registerSeries,
  forecastSeries: async () => (await import('../series/forecast-stage.ts')).forecastSeries,
  surveyWindow: async () => (await import('../learning/survey-stage.ts')).surveyWindow,
  planStart: async () => (await import('../learning/start-stage.ts')).planStart,
  compareVersions: async () => (await import('../learning/compare-stage.ts')).compareVersions,
  checkDrift: async () => (await import('../monitoring/drift/stage.ts')).checkDrift,
  writeReport: async () => (await import('../report/stage.ts')).writeReport,
} as const;

export type StageName = keyof typeof STAGES;

/** These wait for the network or touch small files: a process of their own would cost more than they do. */
export const IN_PROCESS: ReadonlySet<StageName> = new Set<StageName>([
  'planIngestion',
  'ingestWindow',
  'registerModel',
  'readVersion',
  'listModels',
  'readChampion',
  'writeChampion',
  'readCanary',
  'writeCanary',
  'appendHistory',
  'readHistory',
  'recordJob',
  'turnAlerts',
  'deliverAlert',
  'planSearch',
  'recordAudit',
  'startABTest',
  'judgeABTest',
  'changeABTest',
  'planStart',
]);

/** Short and asked for again and again: what they load and read is worth keeping for the next of them. */
export const KEPT_WARM: ReadonlySet<StageName> = new Set<StageName>([
  'forecast',
  'forecastSeries',
  'checkDrift',
  'compareVersions',
  'surveyWindow',
  'planStart',
  'validate',
  'engineerFeatures',
  'cutSequences',
  'backtest',
]);

type Stages = { [Name in StageName]: Awaited<ReturnType<(typeof STAGES)[Name]>> };
export type StageInput<Name extends StageName> = Parameters<Stages[Name]>[1];
export type StageOutput<Name extends StageName> = Awaited<ReturnType<Stages[Name]>>;
