import type { FitContext } from '../forecaster.ts';

/**
 * What architectures fit a region at a time: pure functions of what can cross to another thread, so that bits depend
 * neither on where a part is fitted nor on how many are at once. Loaded when first asked for: a thread that fits ridges
 * starts in half of the time without the trees.
 */
export const PARTS = {
  ridge: async () => (await import('../ridge/fit-part.ts')).fitRidgePart,
  trees: async () => (await import('../trees-part.ts')).fitTreesPart,
};

export type PartName = keyof typeof PARTS;
type Part<Name extends PartName> = Awaited<ReturnType<(typeof PARTS)[Name]>>;
export type PartInput<Name extends PartName> = Parameters<Part<Name>>[0];
export type PartOutput<Name extends PartName> = Awaited<ReturnType<Part<Name>>>;
export type PartContext = Pick<FitContext, 'signal' | 'progress'>;

/** Any of them, whatever it takes and gives. */
export async function fitPart(name: PartName, input: unknown, context: PartContext): Promise<unknown> {
  const fit = (await PARTS[name]()) as (input: unknown, context: PartContext) => Promise<unknown>;
  return fit(input, context);
}
