import type { z } from 'zod';
import type { ScoreTrialInput } from '../contracts/search.ts';
import { BadInputError, describeIssues } from '../errors.ts';
import { ridge, ridgeSettings, trees, treesSettings, type Forecaster } from '../forecasters/index.ts';

// A list is no dimension of a space, and whom a model is for is the search's business.
export const FITTED_SETTINGS = {
  ridge: ridgeSettings.omit({ lambdas: true, pooled: true }),
  trees: treesSettings.omit({ pooled: true }),
};
type Fitted = keyof typeof FITTED_SETTINGS;

export const isFitted = (forecaster: string): forecaster is Fitted =>
  Object.hasOwn(FITTED_SETTINGS, forecaster);

/** One that is fitted in one go, by its settings; if it is to answer for a region it has not seen, pooled. */
export function architectureOf({
  forecaster,
  settings,
  heldOut,
}: Pick<ScoreTrialInput, 'forecaster' | 'settings' | 'heldOut'>): Forecaster {
  const pooled = heldOut !== undefined;
  if (forecaster === 'ridge') return ridge({ ...checked(FITTED_SETTINGS.ridge, settings), pooled });
  if (forecaster === 'trees') return trees({ ...checked(FITTED_SETTINGS.trees, settings), pooled });
  throw new BadInputError(`A ${forecaster} is not fitted in one go.`, 'Train it, and give its model.');
}

function checked<Schema extends z.ZodType>(schema: Schema, settings: ScoreTrialInput['settings']) {
  const parsed = schema.safeParse(settings);
  if (parsed.success) return parsed.data;
  throw new BadInputError(
    `The settings of a trial are wrong: ${describeIssues(parsed.error.issues)}.`,
    'Search another space.',
  );
}
