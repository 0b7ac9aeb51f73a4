import type { z } from 'zod';
import { faultText, faultsOf, firstOf } from '../config/yaml-faults.ts';
import { yamlDocument, yamlText } from '../config/yaml-file.ts';
import { BadInputError } from '../errors.ts';

/**
 * A person's YAML file against its contract; undefined where there is none. What is wrong is named by field and line;
 * by its value only where `secret` does not say that the file may hold secrets.
 */
export async function readYaml<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  { example, secret }: { example: string; secret: boolean },
): Promise<z.output<Schema> | undefined> {
  const text = await yamlText(path);
  if (text === undefined) return undefined;
  const cure = `Write it as ${example}; docs/alerts.md has the fields.`;
  const document = yamlDocument(text);
  if (document.errors.length > 0) {
    const where = document.errors.map(({ line, code }) => `line ${line} (${code})`);
    throw new BadInputError(`${path} is no YAML: ${firstOf(where).join('; ')}.`, cure);
  }
  const parsed = schema.safeParse(document.value);
  if (parsed.success) return parsed.data;
  const faults = faultsOf(document, parsed.error.issues).map((fault) => faultText(fault, { secret }));
  throw new BadInputError(`${path} is wrong: ${firstOf(faults).join('; ')}.`, cure);
}
