import type { RollingUnit } from '../../contracts/rolling-backtest.ts';
import { BadInputError } from '../../errors.ts';
import { FORECASTERS, type Forecaster } from '../../forecasters/index.ts';
import type { Home } from '../../lake/home.ts';

/** Where a backtest has its forecasters from. */
export type ForecasterSource = (home: Home, unit: RollingUnit) => Forecaster | Promise<Forecaster>;

export const forecasterOf: ForecasterSource = (_home, { forecaster }) => {
  requireForecaster(forecaster);
  return FORECASTERS[forecaster as keyof typeof FORECASTERS];
};

/** Refused before anything is computed. */
export function requireForecaster(name: string): void {
  if (Object.hasOwn(FORECASTERS, name)) return;
  throw new BadInputError(
    `There is no forecaster ${name}.`,
    `There are ${Object.keys(FORECASTERS).join(', ')}.`,
  );
}
