import { ridgeSettings, treesSettings } from '../contracts/forecasters.ts';
import type { SearchedForecaster, SearchFamily, SearchInput, TrialSettings } from '../contracts/search.ts';
import { sequenceHours } from '../contracts/sequence-length.ts';
import { trainingSettings } from '../contracts/training.ts';
import { BadInputError } from '../errors.ts';
import { resolveModel } from '../model/config.ts';

// A list is no dimension of a space, and whom a model is for is the search's business.
export const FITTED_SETTINGS = {
  ridge: ridgeSettings.omit({ lambdas: true, pooled: true }),
  trees: treesSettings.omit({ pooled: true }),
};

export const isFitted = (forecaster: string): forecaster is keyof typeof FITTED_SETTINGS =>
  Object.hasOwn(FITTED_SETTINGS, forecaster);

/** What a transformer's trial may set: the training's own settings, and how long its sequences are. */
const TRANSFORMER = trainingSettings
  .omit({ maxSteps: true, budgetMinutes: true })
  .extend({ sequenceLength: sequenceHours });
const KNOWN: Record<SearchedForecaster, readonly string[]> = {
  transformer: Object.keys(TRANSFORMER.shape),
  trees: Object.keys(FITTED_SETTINGS.trees.shape),
  ridge: Object.keys(FITTED_SETTINGS.ridge.shape),
};

/** A misspelt setting would be tried in vain, once for each value. */
export function requireKnownSettings({ forecaster, settings }: SearchFamily): void {
  const unknown = Object.keys(settings).find((name) => !KNOWN[forecaster].includes(name));
  if (unknown === undefined) return;
  throw new BadInputError(
    `A ${forecaster} has no setting ${unknown} that can be searched.`,
    `It has ${KNOWN[forecaster].join(', ') || 'none'}.`,
  );
}

/** Whether such a model can be made at all; a dataset of one channel stands for any. */
export function isPossibleConfiguration(
  forecaster: SearchedForecaster,
  settings: TrialSettings,
  common: SearchInput['training'],
): boolean {
  if (isFitted(forecaster)) return FITTED_SETTINGS[forecaster].safeParse(settings).success;
  const { sequenceLength = 24, ...own } = settings;
  const merged = TRANSFORMER.safeParse({ ...common, ...own, sequenceLength });
  if (!merged.success) return false;
  try {
    resolveModel(trainingSettings.parse({ ...common, ...own }), {
      channels: ['any'],
      regions: ['any'],
      horizon: 1,
    });
    return true;
  } catch (error) {
    if (error instanceof BadInputError) return false;
    throw error;
  }
}
