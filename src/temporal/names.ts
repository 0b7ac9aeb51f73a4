/** Names that go over the wire. They are never renamed. */
export const PIPELINE_QUEUE = 'forecasting-pipeline';

/** Polled by one worker in the whole cluster, so that one limiter sees every request to a source. */
export const SOURCE_QUEUE = 'grid-sources';

/** A slot's private queue. */
export const slotQueue = (host: string, number: number) => `ring-slot/${host}/${number}`;

export const WORKFLOWS = {
  forecastingPipeline: 'forecastingPipelineWorkflow',
  ingestion: 'ingestionWorkflow',
  slotPool: 'slotPoolWorkflow',
  ringTraining: 'ringTrainingWorkflow',
  modelLifecycle: 'modelLifecycleWorkflow',
  seriesPipeline: 'seriesPipelineWorkflow',
  hyperparameterSearch: 'hyperparameterSearchWorkflow',
  backtest: 'backtestWorkflow',
  backtestBatch: 'backtestBatchWorkflow',
  continuousLearning: 'continuousLearningWorkflow',
  deployment: 'modelDeploymentWorkflow',
  driftMonitoring: 'driftMonitoringWorkflow',
  scheduledIngestion: 'scheduledIngestionWorkflow',
  scheduledForecast: 'scheduledForecastWorkflow',
  alerts: 'alertsWorkflow',
  abTest: 'abTestWorkflow',
} as const;

export const workflowIds = {
  pipeline: (model: string, date: string) => `forecasting/${model}/${date}`,
  ingestion: (regions: readonly string[], window: string) => `ingestion/${regions.join('+')}/${window}`,
  slotPool: (pool: string) => `slots/${pool}`,
  ringTraining: (run: string) => `ring-training/${run}`,
  model: (name: string) => `model/${name}`,
  series: (model: string) => `series/${model}`,
  search: (name: string) => `search/${name}`,
  backtest: (name: string) => `backtest/${name}`,
  learning: (model: string) => `learning/${model}`,
  deployment: (model: string) => `deployment/${model}`,
  drift: (model: string) => `drift/${model}`,
  forecast: (model: string) => `forecast/${model}`,
  scheduledIngestion: (model: string) => `scheduled-ingestion/${model}`,
  /** One for a home: who is told what. */
  alerts: () => 'alerts',
  abTest: (name: string) => `ab-test/${name}`,
};
