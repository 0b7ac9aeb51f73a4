import type { BenchOptions, Measure } from './measure.ts';
import { ATTENTION_MEASURES, measureAttention } from './ring/attention.ts';
import { measureMemory } from './ring/memory.ts';
import { measureSizes } from './ring/sizes.ts';
import { measureStep } from './ring/step.ts';
import { measureTemporal } from './ring/temporal.ts';

export const name = 'ring';

/** By the names that --only takes. Those of attention share one run; `memory` and `temporal` take many minutes. */
const LATER = {
  step: measureStep,
  memory: measureMemory,
  temporal: measureTemporal,
  sizes: measureSizes,
};
export const parts: string[] = [...ATTENTION_MEASURES, ...Object.keys(LATER)];
/** Figures without a floor run when they are asked for. */
const USUAL = parts.filter((part) => part !== 'sizes');

/** The ring against its peers, on this machine; bench/README.md says what each measure means. */
export async function run({ python, only = USUAL, say }: BenchOptions): Promise<Measure[]> {
  const wanted = new Set(only);
  const measures: Measure[] = [];
  if (ATTENTION_MEASURES.some((part) => wanted.has(part))) {
    measures.push(...(await measureAttention({ python, wanted, say })));
  }
  for (const [part, measure] of Object.entries(LATER)) {
    if (wanted.has(part)) measures.push(...(await measure({ python, say })));
  }
  return measures;
}
