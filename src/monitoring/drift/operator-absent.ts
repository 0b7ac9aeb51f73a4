import type { ScoredHours } from './scored-hours.ts';

/** Hours with the operator's forecast, of all there are, in a window and in the backtest that it is held against. */
export interface OperatorAbsent {
  window: { have: number; hours: number };
  backtest: { have: number; hours: number };
}

/** A share of hours less than half of what it was is no gap but another input. */
const MOSTLY = 0.5;

/** Null where the window has about as much of it as the backtest had. */
export function operatorAbsent(window: ScoredHours, backtest: ScoredHours): OperatorAbsent | null {
  const found = { window: countOf(window), backtest: countOf(backtest) };
  const share = ({ have, hours }: OperatorAbsent['window']) => have / hours;
  return share(found.window) < MOSTLY * share(found.backtest) ? found : null;
}

const countOf = ({ operator }: ScoredHours) => ({
  have: operator.filter(Number.isFinite).length,
  hours: operator.length,
});

/** `the operator’s forecast is missing in the window: 0 of 744 hours have it (backtest: all)`. */
export const operatorAbsentLine = ({ window, backtest }: OperatorAbsent): string =>
  `the operator’s forecast is missing in the window: ${window.have} of ${window.hours} hours have it (backtest: ${
    backtest.have === backtest.hours ? 'all' : `${backtest.have} of ${backtest.hours}`
  })`;
