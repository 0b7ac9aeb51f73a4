import type { PredictionService } from './service.ts';

const told = new WeakSet<object>();

/** Whoever counts calls has heard of this one's end: doors do not tell of it again. */
export function markTold(error: unknown): void {
  if (typeof error === 'object' && error !== null) told.add(error);
}

export const isTold = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && told.has(error);

const models = new WeakMap<object, string>();

/** Which model a refused call was for, if that is served: other names are what callers made up. */
export function markModel(
  error: unknown,
  name: string | undefined,
  service: Pick<PredictionService, 'models'>,
): void {
  if (typeof error !== 'object' || error === null || name === undefined) return;
  if (service.models().has(name)) models.set(error, name);
}

export const modelOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null ? models.get(error) : undefined;
