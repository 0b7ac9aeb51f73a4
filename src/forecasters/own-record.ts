import { hasOperator, withoutOperator } from '../day-ahead/without-operator.ts';
import type { FittedForecaster, Forecaster } from './forecaster.ts';

/**
 * A forecaster that is told nothing of the operator's forecast, beside those that learn its errors: where the operator
 * goes wrong for a season, it does not.
 */
export function onOwnRecord(forecaster: Forecaster): Forecaster {
  const name = `${forecaster.name}-own`;
  const answering = (fitted: FittedForecaster): FittedForecaster => ({
    name,
    levels: fitted.levels,
    predict: (table) => fitted.predict(withoutOperator(table)),
    save: () => fitted.save(),
  });
  return {
    name,
    suits: (tables) => tables.every(hasOperator),
    fit: async ({ tables, knownBy }, context) =>
      answering(await forecaster.fit({ tables: tables.map(withoutOperator), knownBy }, context)),
    load: (bytes) => answering(forecaster.load(bytes)),
  };
}
