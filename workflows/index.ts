/** Everything a worker registers; the names go over the wire. */
export { abTestWorkflow } from './ab-test.ts';
export { alertsWorkflow } from './alerts.ts';
export { backtestWorkflow } from './backtest.ts';
export { backtestBatchWorkflow } from './backtest-batch.ts';
export { continuousLearningWorkflow } from './continuous-learning.ts';
export { driftMonitoringWorkflow } from './drift-monitoring.ts';
export { forecastingPipelineWorkflow } from './forecasting-pipeline.ts';
export { hyperparameterSearchWorkflow } from './hyperparameter-search.ts';
export { ingestionWorkflow } from './ingestion.ts';
export { modelDeploymentWorkflow } from './model-deployment.ts';
export { modelLifecycleWorkflow } from './model-lifecycle.ts';
export { ringTrainingWorkflow } from './ring-training.ts';
export { scheduledForecastWorkflow } from './scheduled-forecast.ts';
export { scheduledIngestionWorkflow } from './scheduled-ingestion.ts';
export { seriesPipelineWorkflow } from './series-pipeline.ts';
export { slotPoolWorkflow } from './slot-pool.ts';
