import { ApplicationFailure } from '@temporalio/common';
import type { z } from 'zod';
import { BadInputError, describeIssues } from '../errors.ts';

/**
 * A workflow's or an activity's argument, checked against its contract. Absent means `{}`. What does not fit is
 * refused for good, by the name of the field: a plain error would make Temporal try the task again for ever.
 */
export function parseInput<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.infer<Schema> {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  throw ApplicationFailure.nonRetryable(
    `The input of ${what} is wrong: ${describeIssues(parsed.error.issues)}.`,
    BadInputError.name,
  );
}

/** Why a value does not fit its contract, or undefined when it does. */
export function refusal(schema: z.ZodType, value: unknown): string | undefined {
  const parsed = schema.safeParse(value ?? {});
  return parsed.success ? undefined : describeIssues(parsed.error.issues);
}
