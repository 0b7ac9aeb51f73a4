import type { FittedForecaster, Forecaster } from './forecaster.ts';

/**
 * A model that was fitted elsewhere, as a member of an ensemble. It does not learn from the issues that it is given,
 * so its errors on validation issues are honest only where it was trained without them.
 */
export const alreadyFitted = (fitted: FittedForecaster): Forecaster => ({
  name: fitted.name,
  fit: async () => fitted,
  load: () => fitted,
});
