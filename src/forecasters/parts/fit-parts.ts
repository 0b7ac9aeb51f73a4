import type { FitContext } from '../forecaster.ts';
import { breathe } from '../pause.ts';
import { fitPart, type PartInput, type PartName, type PartOutput } from './parts.ts';

/**
 * Fits parts, as many at a time as there are threads, or without any one after another in this one. An input is made
 * when it is its turn, for that one fit alone: its arrays go over to the thread.
 */
export async function fitParts<Name extends PartName>(
  name: Name,
  inputs: readonly (() => PartInput<Name>)[],
  { signal, progress, threads }: FitContext,
): Promise<PartOutput<Name>[]> {
  const done = new Float64Array(inputs.length);
  const tell = (part: number) => (share: number) => {
    done[part] = share;
    progress?.(done.reduce((sum, each) => sum + each, 0) / inputs.length);
  };
  const fit = async (makeInput: () => PartInput<Name>, part: number) => {
    const context = { signal, progress: tell(part) };
    const output = threads
      ? await threads.run(name, makeInput, context)
      : await fitPart(name, makeInput(), context);
    tell(part)(1);
    return output as PartOutput<Name>;
  };
  if (threads) return Promise.all(inputs.map(fit));
  const outputs: PartOutput<Name>[] = [];
  for (const [part, makeInput] of inputs.entries()) {
    await breathe(signal);
    outputs.push(await fit(makeInput, part));
  }
  return outputs;
}
