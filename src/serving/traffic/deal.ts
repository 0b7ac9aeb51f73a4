import { requestName, routeRequest, unitOf } from '../../ab-test/route.ts';
import type { ABTestRecord } from '../../contracts/ab-test.ts';
import { drawOf } from '../../registry/beside.ts';
import type { PredictAnswer } from '../service.ts';
import type { TrafficState, Wanted } from './state.ts';

/** A call that names no version. */
export interface TrafficCall {
  requestId: string;
  /** Whoever is always answered by the same one; absent: the request is dealt by itself. */
  user?: string | undefined;
}

export interface Dealt extends Wanted {
  role: 'champion' | 'canary' | 'control' | 'treatment';
  /** The test that dealt it, to which it counts once it is answered. */
  test?: ABTestRecord;
}

/** Who answers: the variant of the test that runs, else the canary for its share, else the champion; null: nobody can. */
export function deal({ model, champion, canary, test }: TrafficState, call: TrafficCall): Dealt | null {
  const { requestId, user } = call;
  if (!champion) return null;
  if (test) {
    const role = routeRequest(test.config, requestId, user);
    const { name, version } = test[role];
    return { model: name, version, role, test };
  }
  if (canary && drawOf([model, canary.generation, unitOf(requestId, user)]) < canary.share) {
    return { model, version: canary.version, role: 'canary' };
  }
  return { model, version: champion.version, role: 'champion' };
}

/**
 * The same where not all may be loaded. A test is then left out as a whole: who is counted must not depend on who was
 * dealt. `missing` is what the champion answers for.
 */
export function dealLoaded(
  state: TrafficState,
  call: TrafficCall,
  isLoaded: (wanted: Wanted) => boolean,
): { dealt: Dealt; missing?: Wanted } | null {
  const dealt = deal(state, call);
  if (!dealt || dealt.role === 'champion') return dealt && { dealt };
  const { control, treatment } = dealt.test ?? {};
  const needed = [control, treatment].flatMap((one) =>
    one ? [{ model: one.name, version: one.version }] : [],
  );
  const missing = [...needed, { model: dealt.model, version: dealt.version }].find((one) => !isLoaded(one));
  if (!missing) return { dealt };
  const { model, champion } = state;
  return { dealt: { model, version: champion!.version, role: 'champion' }, missing };
}

/** What an answer says of the test that dealt it; `request` is the name by which its outcome is told. */
export function dealtOf(dealt: Dealt | undefined, call: TrafficCall): Pick<PredictAnswer, 'dealt'> {
  const { test, role } = dealt ?? {};
  if (!test || (role !== 'control' && role !== 'treatment')) return {};
  const { test_name: name } = test.config;
  return { dealt: { test: name, variant: role, request: requestName(name, call.requestId, call.user) } };
}
