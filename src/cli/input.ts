import type { z } from 'zod';
import { REGION_CODES } from '../contracts/regions.ts';
import { modelName } from '../contracts/stages.ts';
import { firstHourOf, lastHourOf } from '../contracts/time.ts';
import { BadInputError, describeIssues } from '../errors.ts';

/**
 * What a person gave, checked against the stage's own contract; absent fields take the contract's defaults. A refusal
 * names the field, or what `flagOf` says it is called on the command line.
 */
export function checkInput<Schema extends z.ZodType>(
  schema: Schema,
  value: object,
  flagOf?: (field: string) => string,
): z.output<Schema> {
  const given = withoutAbsent(value);
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.filter(isLastOfItsKind).map((issue) => {
    const [field, ...rest] = issue.path;
    return flagOf && typeof field === 'string' ? { ...issue, path: [flagOf(field), ...rest] } : issue;
  });
  throw new BadInputError(`Wrong input: ${describeIssues(issues)}.`, 'See --help.');
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
    throw new BadInputError(`Unknown region "${unknown}".`, `Known regions: ${REGION_CODES.join(', ')}.`);
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

export function checkModelName(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const parsed = modelName.safeParse(name);
  if (parsed.success) return name;
  throw new BadInputError(
    `"${name}" is not a model's name.`,
    'Use lower case letters, digits and dashes, such as day-ahead.',
  );
}
