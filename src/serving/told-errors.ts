const told = new WeakSet<object>();

/** Whoever counts calls has heard of this one's end: doors do not tell of it again. */
export function markTold(error: unknown): void {
  if (typeof error === 'object' && error !== null) told.add(error);
}

export const isTold = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && told.has(error);
