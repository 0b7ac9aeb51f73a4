import type { z } from 'zod';

/** What stands at a path in what a person gave; undefined where nothing does. */
export const valueAt = (path: readonly PropertyKey[], given: unknown): unknown =>
  path.reduce<unknown>(
    (held, part) => (held as Record<PropertyKey, unknown> | null | undefined)?.[part],
    given,
  );

/** What is wrong with a value, in words for a person; of one that is not there, that it is not: it has no wrong type. */
export const complaintOf = ({ code, path, message }: z.core.$ZodIssue, given: unknown): string =>
  code === 'invalid_type' && path.length > 0 && valueAt(path, given) === undefined ? 'is not given' : message;
