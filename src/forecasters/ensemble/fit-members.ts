import { BadInputError } from '../../errors.ts';
import type { FitContext, FitData, FittedForecaster, Forecaster } from '../forecaster.ts';
import { OWN_FILE } from './region-state.ts';

/** One after another; `progress` is told of all of them as one. */
export async function fitMembers(
  members: readonly Forecaster[],
  data: FitData,
  context: FitContext,
): Promise<FittedForecaster[]> {
  const fitted: FittedForecaster[] = [];
  for (const [m, member] of members.entries()) {
    const progress = (done: number) => context.progress?.((m + done) / members.length);
    fitted.push(await member.fit(data, { ...context, progress }));
  }
  return fitted;
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
