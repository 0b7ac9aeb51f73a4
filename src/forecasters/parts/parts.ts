import { fitRidgePart } from '../ridge/fit-part.ts';
import { fitTreesPart } from '../trees-part.ts';
import type { FitContext } from '../forecaster.ts';

/**
 * What architectures fit a region at a time: pure functions of what can cross to another thread, so that bits depend
 * neither on where a part is fitted nor on how many are at once.
 */
export const PARTS = { ridge: fitRidgePart, trees: fitTreesPart };

export type PartName = keyof typeof PARTS;
export type PartInput<Name extends PartName> = Parameters<(typeof PARTS)[Name]>[0];
export type PartOutput<Name extends PartName> = Awaited<ReturnType<(typeof PARTS)[Name]>>;
export type PartContext = Pick<FitContext, 'signal' | 'progress'>;

/** Any of them, whatever it takes and gives. */
export const partNamed = (name: PartName) =>
  PARTS[name] as (input: unknown, context: PartContext) => Promise<unknown>;
