import { z } from 'zod';
import { complaintOf } from '../config/issues.ts';
import { modelName } from '../contracts/stages.ts';
import { BadInputError, MissingDataError, describeIssues, quoted } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { modelNames } from '../registry/layout.ts';
import { HttpProblem } from './problem.ts';

/** A body that is JSON and does not fit its contract is 422; the reason names the field. */
export const bodyOf = <Schema extends z.ZodObject>(schema: Schema, body: unknown): z.output<Schema> =>
  checked(schema, body, 422);

/** What stands after the question mark; one that a route does not know is refused, for it would do nothing. */
export const queryOf = <Schema extends z.ZodObject>(
  schema: Schema | undefined,
  query: unknown,
): z.output<Schema> => checked(schema ?? (NOTHING as unknown as Schema), query, 400);

export const pathOf = <Schema extends z.ZodObject>(schema: Schema, path: unknown): z.output<Schema> =>
  checked(schema, path, 400);

const NOTHING = z.strictObject({});

/** A number as it stands in an address. */
export const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, { error: 'must be a whole number' })
    .transform(Number)
    .pipe(z.number().int().min(least).max(most));

function checked<Schema extends z.ZodObject>(schema: Schema, given: unknown, status: 400 | 422) {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => ({ ...issue, message: complaintOf(issue, given) }));
  throw new HttpProblem(
    status,
    'bad-request',
    `The request is wrong: ${describeIssues(issues)}.`,
    fieldsOf(schema),
  );
}

/** `Its fields are version (needed), by, reason.` */
function fieldsOf({ shape }: z.ZodObject): string {
  const fields = Object.entries(shape).map(([name, field]) =>
    z.safeParse(field, undefined).success ? name : `${name} (needed)`,
  );
  return fields.length > 0 ? `Its fields are ${fields.join(', ')}.` : 'It has no fields.';
}

/** The name in the path: 400 when it is none, 404 when there is no such model. */
export async function knownModel(home: Home, name: string): Promise<string> {
  if (!modelName.safeParse(name).success) {
    throw new BadInputError(`${quoted(name)} is not a model's name.`, 'GET /models lists them.');
  }
  if (!(await modelNames(home)).includes(name)) {
    throw new MissingDataError(`There is no model ${name}.`, 'GET /models lists them.');
  }
  return name;
}
