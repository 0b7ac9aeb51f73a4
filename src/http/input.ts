import { z } from 'zod';
import { complaintOf } from '../config/issues.ts';
import { modelName } from '../contracts/stages.ts';
import { BadInputError, MissingDataError, describeIssues, quoted } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { modelNames } from '../registry/layout.ts';
import { HttpProblem } from './problem.ts';

/** A body that is JSON and does not fit its contract is 422; the reason names the field. */
export function checkBody<Schema extends z.ZodObject>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => ({ ...issue, message: complaintOf(issue, body) }));
  throw new HttpProblem(
    422,
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
  return `Its fields are ${fields.join(', ')}.`;
}

/** The name in the path: 400 when it is none, 404 when there is no such model. */
export async function knownModel(home: Home, { name }: { name: string }): Promise<string> {
  if (!modelName.safeParse(name).success) {
    throw new BadInputError(`${quoted(name)} is not a model's name.`, 'GET /models lists them.');
  }
  if (!(await modelNames(home)).includes(name)) {
    throw new MissingDataError(`There is no model ${name}.`, 'GET /models lists them.');
  }
  return name;
}
