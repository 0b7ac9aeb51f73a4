import type { JobRecord } from '../../contracts/jobs.ts';
import type { Home } from '../../lake/home.ts';
import { told, type Told } from '../told.ts';
import { abTestStates, type ABTestState } from './ab-tests.ts';
import { alertsState, type AlertsState } from './alerts.ts';
import { driftLooks, type DriftLook } from './drift.ts';
import { registeredModels, type RegisteredModel } from './models.ts';
import { endedWork } from './work.ts';

/** What the files of the home say; of one model where one is chosen. */
export interface FilesState {
  models: Told<RegisteredModel[]>;
  ended: Told<JobRecord[]>;
  tests: Told<ABTestState[]>;
  /** Of the model that is chosen. */
  drift: Told<DriftLook[]> | null;
  alerts: Told<AlertsState>;
}

/** `''`: of all models. */
export function filesStateOf(home: Home): (chosen: string) => Promise<FilesState> {
  const testsOf = abTestStates(home);
  return async (chosen) => {
    const model = chosen === '' ? undefined : chosen;
    return {
      models: await told(() => registeredModels(home)),
      ended: await told(() => endedWork(home, model)),
      tests: await told(() => testsOf(model)),
      drift: model === undefined ? null : await told(() => driftLooks(home, model)),
      alerts: await told(() => alertsState(home)),
    };
  };
}
