import { withLock } from '../lake/file-lock.ts';
import type { Home } from '../lake/home.ts';
import { modelFolder } from './layout.ts';

/** Runs `act` while no other process changes the model's versions, champion or history. */
export const withModelLock = <T>(home: Home, name: string, act: () => Promise<T>): Promise<T> =>
  withLock(home.path(modelFolder(name), '.changes'), `the model ${name}`, act);
