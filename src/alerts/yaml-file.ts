import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { BadInputError, describeIssues } from '../errors.ts';
import { readFailure } from '../lake/storage-failure.ts';

/** Larger than any file of rules or channels that a person writes. */
const MOST_BYTES = 1_000_000;

/**
 * A person's YAML file against its contract; undefined where there is none. What is wrong is named by file and line, or
 * by field, and never by its value: a file of channels holds secrets.
 */
export async function readYaml<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  example: string,
): Promise<z.output<Schema> | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw readFailure(error, path) ?? error;
  }
  const cure = `Write it as ${example}; docs/alerts.md has the fields.`;
  if (text.length > MOST_BYTES) throw new BadInputError(`${path} is larger than 1 MB.`, cure);
  const parsed = schema.safeParse(contentOf(text, path, cure));
  if (parsed.success) return parsed.data;
  throw new BadInputError(`${path} is wrong: ${describeIssues(parsed.error.issues)}.`, cure);
}

function contentOf(text: string, path: string, cure: string): unknown {
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: true });
  const [trouble] = document.errors;
  if (trouble) {
    const line = text.slice(0, trouble.pos[0]).split('\n').length;
    throw new BadInputError(`${path} is no YAML: line ${line} (${trouble.code}).`, cure);
  }
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new BadInputError(`${path} is no YAML: its aliases cannot be resolved.`, cure, { cause: error });
  }
}
