import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { describeIssues, type RingwattError } from '../errors.ts';
import type { Home } from './home.ts';
import { unlessGone } from './storage-failure.ts';

/** Undefined where there is no such file. */
export const textIfThere = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').catch(unlessGone(path, undefined));

/** Undefined where the text is not JSON, as what a crash cut off is not. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A JSON file of the home; undefined where it is not there, and `damaged` says so where it is something else. */
export async function readDocument<Schema extends z.ZodType>(
  home: Home,
  uri: string,
  schema: Schema,
  damaged: (what: string) => RingwattError,
): Promise<z.output<Schema> | undefined> {
  const text = await textIfThere(home.path(uri));
  if (text === undefined) return undefined;
  const json = jsonOf(text);
  if (json === undefined) throw damaged('it is not JSON');
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw damaged(describeIssues(parsed.error.issues));
  return parsed.data;
}
