/** Everything a worker registers; the names go over the wire. */
export { forecastingPipelineWorkflow } from './forecasting-pipeline.ts';
export { ingestionWorkflow } from './ingestion.ts';
export { modelLifecycleWorkflow } from './model-lifecycle.ts';
export { ringTrainingWorkflow } from './ring-training.ts';
export { slotPoolWorkflow } from './slot-pool.ts';
