import { fitForecasterInput } from '../src/contracts/forecasters.ts';
import {
  backtestInput,
  featuresInput,
  registerInput,
  reportInput,
  sequencesInput,
  validationInput,
} from '../src/contracts/stages.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { stageActivity } from './stage-activity.ts';

/** The stages between the lake's record and a report: references in, references out. */
export const stageActivities = (dependencies: ActivityDependencies) => ({
  validateSeries: stageActivity(dependencies, 'validate', validationInput),
  engineerFeatures: stageActivity(dependencies, 'engineerFeatures', featuresInput),
  cutSequences: stageActivity(dependencies, 'cutSequences', sequencesInput),
  fitForecaster: stageActivity(dependencies, 'fitForecaster', fitForecasterInput),
  backtestModel: stageActivity(dependencies, 'backtest', backtestInput),
  registerModel: stageActivity(dependencies, 'registerModel', registerInput),
  writeReport: stageActivity(dependencies, 'writeReport', reportInput),
});
export type StageActivities = ReturnType<typeof stageActivities>;
