import type { Markup } from '../html.ts';
import { Plot, drawn } from './plot.ts';

export interface TrainingStep {
  step: number;
  loss: number;
  learningRate: number;
  /** Of training, up to and including this step. */
  seconds: number;
}

/** Training loss by step. */
export function lossChart(history: readonly TrainingStep[]): Markup {
  return drawn('Training loss by step', {
    width: 400,
    height: 230,
    marginTop: 28,
    marginLeft: 54,
    marginBottom: 36,
    x: { label: 'step', tickSize: 0 },
    y: { label: 'loss', grid: true, nice: true, tickSize: 0, ticks: 5 },
    marks: [
      Plot.lineY([...history], { x: 'step', y: 'loss', stroke: 'var(--model)', strokeOpacity: 0.35 }),
      Plot.lineY(
        [...history],
        Plot.windowY(
          { k: Math.max(1, Math.min(15, Math.floor(history.length / 4))), anchor: 'end', reduce: 'median' },
          { x: 'step', y: 'loss', stroke: 'var(--model)', strokeWidth: 2.2 },
        ),
      ),
    ],
  });
}

/** Peak memory of each slot's process, and what of it. */
export function slotChart(slotMemoryMb: readonly number[]): Markup {
  const bars = slotMemoryMb.map((memory, rank) => ({ slot: `slot ${rank}`, memory }));
  return drawn('Peak memory of each slot in megabytes', {
    width: 400,
    height: 60 + 34 * bars.length,
    marginLeft: 54,
    marginRight: 60,
    marginBottom: 36,
    x: { label: 'MB', grid: true, tickSize: 0, ticks: 4, nice: true },
    y: { label: null, type: 'band', padding: 0.35, tickSize: 0, domain: bars.map(({ slot }) => slot) },
    marks: [
      Plot.barX(bars, { x: 'memory', y: 'slot', fill: 'var(--model)', fillOpacity: 0.75 }),
      Plot.text(bars, {
        x: 'memory',
        y: 'slot',
        text: ({ memory }: { memory: number }) => `${Math.round(memory)} MB`,
        textAnchor: 'start',
        dx: 6,
        fill: 'currentColor',
      }),
    ],
  });
}
