import type { z } from 'zod';
import { quoted } from '../errors.ts';
import { valueAt } from './issues.ts';
import type { Path, YamlDocument } from './yaml-file.ts';

/** A file that is wrong from end to end needs no longer list. */
export const MOST_FAULTS = 10;

/** A value that breaks the contract, or a field that it does not have. */
export interface Fault {
  path: Path;
  line: number;
  message: string;
  /** The field's name, where it is no field at all. */
  unknown?: string;
  /** The value in quotes, where it is one; a list or a map is not. */
  given?: string;
}

/** Where a document breaks its contract: each field once, in the order of the lines. */
export function faultsOf(document: YamlDocument, issues: readonly z.core.$ZodIssue[]): Fault[] {
  const faults = issues.flatMap((issue): Fault[] => {
    const { path, message } = issue;
    if (issue.code !== 'unrecognized_keys') {
      return [{ path, line: document.lineOf(path), message, ...givenAt(path, document.value) }];
    }
    return issue.keys.map((unknown) => ({
      path,
      line: document.lineOf([...path, unknown]),
      message: `Unrecognized key: ${quoted(unknown)}`,
      unknown,
    }));
  });
  const byField = new Map(faults.map((fault) => [`${fault.path.join('.')}:${fault.unknown ?? ''}`, fault]));
  return [...byField.values()].toSorted((a, b) => a.line - b.line);
}

function givenAt(path: Path, whole: unknown): Pick<Fault, 'given'> {
  const value = valueAt(path, whole);
  if (typeof value === 'string') return { given: quoted(value) };
  return typeof value === 'number' || typeof value === 'boolean' ? { given: String(value) } : {};
}

/** `traffic_split: Too big (line 3, given 4)`, without the value where that may be a secret. */
export function faultText({ path, line, message, given }: Fault, { secret = false } = {}): string {
  const what = [path.map(String).join('.'), message.replace(/\.$/, '')].filter(Boolean).join(': ');
  return `${what} (line ${line}${given === undefined || secret ? '' : `, given ${given}`})`;
}

/** All of them, as far as a person reads. */
export const firstOf = (faults: readonly string[]): string[] =>
  faults.length <= MOST_FAULTS
    ? [...faults]
    : [...faults.slice(0, MOST_FAULTS), `and ${faults.length - MOST_FAULTS} more`];
