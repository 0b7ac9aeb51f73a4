import type { Forecaster } from '../../backtest/hours.ts';
import { FORECASTER_STYLES } from '../forecasters.ts';
import { html, type Markup } from '../html.ts';

/** What the lines of the charts below it mean. */
export function legend(
  names: readonly (Forecaster | 'actual')[] = FORECASTER_STYLES.map(({ name }) => name),
): Markup {
  const label = (name: string) =>
    FORECASTER_STYLES.find((style) => style.name === name)?.label ?? 'Actual demand';
  return html`<ul class="legend">
    ${names.map((name) => html`<li><i class="key ${name}"></i>${label(name)}</li>`)}
  </ul>`;
}
