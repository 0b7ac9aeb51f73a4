import type { AlertMessage } from '../../contracts/alerts.ts';
import type { AlertState } from '../state.ts';
import { Desk, type World } from './desk.ts';
import { observe } from './observe.ts';
import { nextMoment as nextOf, pass } from './pass.ts';
import { acknowledge, silence, type Reply } from './requests.ts';

export type { World } from './desk.ts';
export type Change =
  | Omit<Extract<AlertMessage, { kind: 'observe' }>, 'id'>
  | Omit<Extract<AlertMessage, { kind: 'acknowledge' }>, 'id'>
  | Omit<Extract<AlertMessage, { kind: 'silence' }>, 'id'>
  | { kind: 'time' };

export interface Step extends Reply {
  state: AlertState;
}

/** Takes in one message, or the time; the state that was given stays as it was. */
export function step(before: AlertState, change: Change, world: World): Step {
  const state = structuredClone(before);
  const desk = new Desk(state, world);
  switch (change.kind) {
    case 'acknowledge':
      return { state, ...acknowledge(desk, change.body) };
    case 'silence':
      return { state, ...silence(desk, change.body) };
    case 'observe':
      observe(desk, change.body);
      break;
    default:
      pass(desk, world.now, false);
  }
  return { state, says: '', refused: false };
}

/** When time alone would change something that goes by the real clock; null: never. */
export const nextMoment = (state: AlertState, world: World): number | null => nextOf(new Desk(state, world));
