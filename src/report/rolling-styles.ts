import type { RollingProtocol } from '../backtest/rolling/document.ts';
import { FORECASTER_STYLES } from './forecasters.ts';

/** How a column of a rolling backtest is called and drawn. */
export interface ColumnStyle {
  name: string;
  label: string;
  color: string;
  width: number;
  dash?: string | undefined;
  /** The class of its key in a legend. */
  key: string;
}

/** Colours of the forecasters besides the model; more of them than these share the last. */
const OTHERS = 5;

/** The model first, the other forecasters, then who is always there. */
export function columnStyles({ model, forecasters }: RollingProtocol): ColumnStyle[] {
  const others = forecasters.filter((name) => name !== model);
  const baselines = FORECASTER_STYLES.filter(({ name }) => name !== 'model');
  return [
    { name: 'model', label: model, color: 'var(--model)', width: 2.2, key: 'model' },
    ...others.map((name, i) => {
      const place = Math.min(i + 1, OTHERS);
      return { name, label: name, color: `var(--other-${place})`, width: 1.5, key: `other-${place}` };
    }),
    ...baselines.map((style) => ({ ...style, key: style.name })),
  ];
}
