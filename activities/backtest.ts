import {
  backtestReportInput,
  mergeInput,
  rollingBacktestInput,
  rollingUnit,
} from '../src/contracts/rolling-backtest.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { stageActivity } from './stage-activity.ts';

/** What a rolling backtest does: plan its fits, do each once, score them together, tell of it. */
export const backtestActivities = (dependencies: ActivityDependencies) => ({
  planRollingBacktest: stageActivity(dependencies, 'planRollingBacktest', rollingBacktestInput),
  backtestStretch: stageActivity(dependencies, 'backtestStretch', rollingUnit),
  mergeRollingBacktest: stageActivity(dependencies, 'mergeRollingBacktest', mergeInput),
  writeBacktestReport: stageActivity(dependencies, 'writeBacktestReport', backtestReportInput),
});
export type BacktestActivities = ReturnType<typeof backtestActivities>;
