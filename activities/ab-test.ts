import { abChangeInput, abJudgeInput, abStartInput } from '../src/contracts/ab-test.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { stageActivity } from './stage-activity.ts';

/** What `abTestWorkflow` reads and writes: the files are the truth, the workflow says what is to become of them. */
export const abTestActivities = (dependencies: ActivityDependencies) => ({
  startABTest: stageActivity(dependencies, 'startABTest', abStartInput),
  judgeABTest: stageActivity(dependencies, 'judgeABTest', abJudgeInput),
  changeABTest: stageActivity(dependencies, 'changeABTest', abChangeInput),
});
export type ABTestActivities = ReturnType<typeof abTestActivities>;
