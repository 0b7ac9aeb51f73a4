import type { Forecaster } from '../backtest/hours.ts';

/** How each forecaster is called and drawn; colours are CSS variables, so that they follow light and dark. */
export interface ForecasterStyle {
  name: Forecaster;
  label: string;
  explanation: string;
  color: string;
  width: number;
  dash?: string;
}

export const FORECASTER_STYLES: readonly ForecasterStyle[] = [
  {
    name: 'model',
    label: 'Model',
    explanation: 'this version of the model',
    color: 'var(--model)',
    width: 2.2,
  },
  {
    name: 'operator',
    label: 'Operator',
    explanation: "the grid operator's own day-ahead forecast",
    color: 'var(--operator)',
    width: 1.6,
  },
  {
    name: 'latestKnown',
    label: 'Latest known',
    explanation: 'the newest demand of the same hour of day that was known at issue time, 24 or 48 h earlier',
    color: 'var(--latest)',
    width: 1.4,
    dash: '6 3',
  },
  {
    name: 'persistence48',
    label: '48\u00a0h earlier',
    explanation: 'demand two days earlier',
    color: 'var(--persistence)',
    width: 1.2,
    dash: '2 2',
  },
  {
    name: 'persistence168',
    label: 'A week earlier',
    explanation: 'demand 168 h earlier',
    color: 'var(--persistence)',
    width: 1.2,
  },
];

export const styleOf = (name: Forecaster) => FORECASTER_STYLES.find((style) => style.name === name)!;
