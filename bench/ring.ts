import { BadInputError } from '../src/errors.ts';
import type { BenchOptions, Measure } from './measure.ts';
import { ATTENTION_MEASURES, measureAttention } from './ring/attention.ts';

export const name = 'ring';

const PARTS = [...ATTENTION_MEASURES];

/** The ring against its peers, on this machine; bench/README.md says what each measure means. */
export async function run({ python, only, say }: BenchOptions): Promise<Measure[]> {
  const unknown = only?.filter((part) => !(PARTS as string[]).includes(part)) ?? [];
  if (unknown.length > 0) {
    throw new BadInputError(`ring has no part "${unknown.join(', ')}".`, `It has: ${PARTS.join(', ')}.`);
  }
  const wanted = new Set<string>(only ?? PARTS);
  const measures: Measure[] = [];
  if (ATTENTION_MEASURES.some((part) => wanted.has(part))) {
    measures.push(...(await measureAttention({ python, wanted, say })));
  }
  return measures;
}
