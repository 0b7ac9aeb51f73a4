import pLimit from 'p-limit';
import { BadInputError } from '../../errors.ts';
import type { FitContext, FitData, FittedForecaster, Forecaster } from '../forecaster.ts';
import { OWN_FILE } from './region-state.ts';

/**
 * One after another, or all at once where threads fit their parts: what one leaves idle the next one takes. `progress`
 * is told of all of them as one; when one fails the others end.
 */
export async function fitMembers(
  members: readonly Forecaster[],
  data: FitData,
  context: FitContext,
): Promise<FittedForecaster[]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const done = new Float64Array(members.length);
  const atOnce = pLimit(context.threads ? members.length : 1);
  const fit = (member: Forecaster, m: number) => {
    const progress = (share: number) => {
      done[m] = share;
      context.progress?.(done.reduce((sum, each) => sum + each, 0) / members.length);
    };
    return member.fit(data, { ...context, signal, progress }).finally(() => progress(1));
  };
  const fitting = members.map((member, m) => atOnce(fit, member, m));
  try {
    return await Promise.all(fitting);
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(fitting);
    throw error;
  }
}

/** Refuses members that could not be told apart on the disk. */
export function requireMembers(members: readonly Forecaster[]): void {
  const names = members.map(({ name }) => name);
  const odd = names.find((name, i) => name === OWN_FILE || names.indexOf(name) !== i);
  if (members.length === 0 || odd !== undefined) {
    throw new BadInputError(
      odd === undefined
        ? 'An ensemble needs a member.'
        : `The member ${odd} is given twice, or is an ensemble.`,
      'Give each forecaster once.',
    );
  }
}
