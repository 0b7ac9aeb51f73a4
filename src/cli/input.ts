import type { z } from 'zod';
import { complaintOf, valueAt } from '../config/issues.ts';
import { REGION_CODES } from '../contracts/regions.ts';
import { firstHourOf, lastHourOf } from '../contracts/time.ts';
import { BadInputError, quoted } from '../errors.ts';
import { requireModelName } from '../registry/layout.ts';
import { flagOf } from './flag-names.ts';

/**
 * What a person gave, checked against the stage's own contract; absent fields take the contract's defaults. A refusal
 * names the flag, by the verb's own word for it where `renamed` has one, and the entry of a list that is wrong.
 */
export function checkInput<Schema extends z.ZodType>(
  schema: Schema,
  value: object,
  renamed: Record<string, string> = {},
): z.output<Schema> {
  return checked(
    schema,
    withoutAbsent(value),
    (path, given) => `${flagOf(path, renamed)}${entryAt(path, given)}`,
  );
}

/** The same of a file's content: a refusal names the file and the place in it. */
export function checkFile<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  file: string,
): z.output<Schema> {
  return checked(schema, value, (path) => [file, path.map(String).join('.')].filter(Boolean).join(', '));
}

function checked<Schema extends z.ZodType>(
  schema: Schema,
  given: unknown,
  nameOf: (path: PropertyKey[], given: unknown) => string,
): z.output<Schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues
    .filter(isLastOfItsKind)
    .map((issue) => `${nameOf(issue.path, given)}: ${complaintOf(issue, given)}`);
  // Both ends of a range that is none say the same.
  throw new BadInputError(`Wrong input: ${[...new Set(issues)].join('; ')}.`, 'See --help.');
}

/** ` "sun"` where an entry of a list is what is wrong. */
function entryAt(path: PropertyKey[], given: unknown): string {
  if (!path.some((part) => typeof part === 'number')) return '';
  const entry = valueAt(path, given);
  return typeof entry === 'string' || typeof entry === 'number' ? ` ${quoted(String(entry))}` : '';
}

/** A number too big for any integer is also too big for its field: the field's own bound, which comes later, is enough. */
const isLastOfItsKind = (issue: z.core.$ZodIssue, index: number, all: z.core.$ZodIssue[]) =>
  !all
    .slice(index + 1)
    .some(({ code, path }) => code === issue.code && path.join('.') === issue.path.join('.'));

/** Names the region that is unknown, and those that are known; one that is named twice counts once. */
export function checkRegions(regions: string[] | undefined): string[] | undefined {
  const unknown = regions?.find((code) => !(REGION_CODES as string[]).includes(code));
  if (unknown !== undefined) {
    throw new BadInputError(
      `Unknown region ${quoted(unknown)}.`,
      `Known regions: ${REGION_CODES.join(', ')}.`,
    );
  }
  if (regions?.length === 0)
    throw new BadInputError('No region is given.', `Known: ${REGION_CODES.join(', ')}.`);
  return regions && [...new Set(regions)];
}

export interface Period {
  from?: string;
  to?: string;
}

/** Refuses a period that ends before it starts; what is no date at all the contract refuses by the field's name. */
export function checkPeriod({ from, to }: Period, [fromFlag, toFlag] = ['--from', '--to']): Period {
  const isDate = /^\d{4}(-\d{2}){0,2}$/;
  if (from && to && isDate.test(from) && isDate.test(to) && lastHourOf(to) < firstHourOf(from)) {
    throw new BadInputError(`${toFlag} ${to} ends before ${fromFlag} ${from} begins.`, 'Give them in order.');
  }
  return { from, to };
}

/** `2015-07..2017` as a range; one date alone is a range by itself. */
export function parseRange(text: string | undefined, flag: string): { from: string; to: string } | undefined {
  if (text === undefined) return undefined;
  const [from = '', to = from, ...rest] = text.split('..');
  if (rest.length > 0 || from === '' || to === '') {
    throw new BadInputError(`${flag} ${text} is not a range.`, `Give one such as ${flag} 2015-07..2017.`);
  }
  checkPeriod({ from, to }, [flag, 'its end']);
  return { from, to };
}

const withoutAbsent = (value: object): object =>
  Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined));

export const checkModelName = (name: string | undefined): string | undefined =>
  name === undefined ? undefined : requireModelName(name);
