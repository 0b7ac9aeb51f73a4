import type { ActivityDependencies } from './dependencies.ts';
import { abTestActivities } from './ab-test.ts';
import { auditActivities } from './audit.ts';
import { alertActivities } from './alerts.ts';
import { backtestActivities } from './backtest.ts';
import { driftActivities } from './drift.ts';
import { entityActivities } from './entities.ts';
import { forecastActivities } from './forecast.ts';
import { ingestionActivities } from './ingestion.ts';
import { jobActivities } from './jobs.ts';
import { learningActivities } from './learning.ts';
import { registryActivities } from './registry.ts';
import { searchActivities } from './search.ts';
import { seriesActivities } from './series.ts';
import { stageActivities } from './stages.ts';
import { trainingActivities } from './training.ts';

/** Everything that the pipeline's queue is asked for; the names go over the wire. */
export const pipelineActivities = (dependencies: ActivityDependencies) => ({
  ...ingestionActivities(dependencies),
  ...stageActivities(dependencies),
  ...trainingActivities(dependencies),
  ...registryActivities(dependencies),
  ...jobActivities(dependencies),
  ...forecastActivities(dependencies),
  ...alertActivities(dependencies),
  ...driftActivities(dependencies),
  ...entityActivities(dependencies),
  ...seriesActivities(dependencies),
  ...searchActivities(dependencies),
  ...backtestActivities(dependencies),
  ...learningActivities(dependencies),
  ...auditActivities(dependencies),
  ...abTestActivities(dependencies),
});
