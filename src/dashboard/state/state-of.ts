import type { HomeReader } from '../reader/home-reader.ts';
import type { DashboardParts } from '../parts.ts';
import { told, type Told } from '../told.ts';
import type { FilesState } from './files-state.ts';
import { machineState, type MachineState } from './machine.ts';
import { withServed, type ModelState } from './models.ts';
import { runningWork, type Running } from './work.ts';

/** All that changes by the minute. */
export type State = Omit<FilesState, 'models'> & {
  at: number;
  models: Told<ModelState[]>;
  running: Told<Running>;
  machine: Told<MachineState>;
};

/** `''`: of all models. */
export function stateOf(
  { home, temporal, service }: Pick<DashboardParts, 'home' | 'temporal' | 'service'>,
  reader: Pick<HomeReader, 'read'>,
) {
  return async (chosen: string): Promise<State> => {
    const [files, running, machine] = await Promise.all([
      reader.read('files', chosen),
      told(() => runningWork(temporal)),
      told(() => machineState(home)),
    ]);
    const served = service?.models() ?? new Map<string, never>();
    const models: State['models'] = files.models.ok
      ? { ok: true, value: withServed(files.models.value, served) }
      : files.models;
    return { ...files, models, at: Date.now(), running, machine };
  };
}
