import { fileURLToPath } from 'node:url';
import { MOST_FAULTS, faultsOf, type Fault } from '../src/config/yaml-faults.ts';
import { yamlDocuments, yamlText, type YamlDocument } from '../src/config/yaml-file.ts';
import { retrainingConfig, type RetrainingConfig } from '../src/contracts/retraining.ts';
import { BadInputError, oneLine, quoted } from '../src/errors.ts';
import { edits } from '../src/explain/near-names.ts';
import { checkTimeZone, parseCron } from '../src/jobs/cron.ts';

export const SHIPPED_CONFIG = fileURLToPath(new URL('day-ahead.yaml', import.meta.url));

/** What the contract cannot judge: it runs in workflows too. */
const TIMES: Record<string, (text: string) => unknown> = {
  time_zone: checkTimeZone,
  retrain_schedule: parseCron,
  ingestion_schedule: parseCron,
  drift_schedule: parseCron,
  forecast_schedule: parseCron,
};
const FIELDS = Object.keys(retrainingConfig.shape);

export interface RetrainingFile {
  file: string;
  /** Of this configuration alone, where the file holds several. */
  text: string;
  config: RetrainingConfig;
}

/** Configurations of one file or several, a YAML document each; a model that two of them name is refused. */
export async function readRetraining(files: readonly string[]): Promise<RetrainingFile[]> {
  const read = (await Promise.all(files.map(readOne))).flat();
  const seen = new Map<string, string>();
  for (const { file, config } of read) {
    const before = seen.get(config.model_name);
    if (before !== undefined) {
      throw new BadInputError(
        `The model ${config.model_name} is configured in ${before === file ? `${file} twice` : `${before} and in ${file}`}.`,
        'Keep one of them, or give one another model_name.',
      );
    }
    seen.set(config.model_name, file);
  }
  return read;
}

async function readOne(file: string): Promise<RetrainingFile[]> {
  const text = await yamlText(file);
  if (text === undefined) {
    throw new BadInputError(
      `There is no file ${quoted(file)}.`,
      'Name a YAML file of fields; schedules/day-ahead.yaml is one.',
    );
  }
  const documents = yamlDocuments(text);
  const refusals =
    documents.length > 0
      ? documents.flatMap((document) => refusalsOf(document, text))
      : [{ line: 1, what: 'it holds nothing', cure: ['Write at least model_name: day-ahead.'] }];
  if (refusals.length > 0) throw refused(file, refusals);
  return documents.map((each) => ({ file, text: each.text, config: retrainingConfig.parse(each.value) }));
}

/** What is wrong on a line, and what to do about it, by sentences. */
interface Refusal {
  line: number;
  what: string;
  cure: string[];
}

/** All of them in the order of the lines, each with its cure; what has been advised once is not said again. */
function refused(file: string, refusals: readonly Refusal[]): BadInputError {
  const said = new Set<string>();
  const parts = refusals
    .toSorted((a, b) => a.line - b.line)
    .slice(0, MOST_FAULTS)
    .map(({ line, what, cure }, i) => {
      const fresh = cure.filter((sentence) => !said.has(sentence));
      for (const sentence of fresh) said.add(sentence);
      return [`${i === 0 ? 'line' : 'Line'} ${line}: ${what}.`, ...fresh];
    });
  const [what, ...cure] = parts.pop()!;
  return new BadInputError(`${file}, ${[...parts.flat(), what].join(' ')}`, cure.join(' '));
}

function refusalsOf(document: YamlDocument, whole: string): Refusal[] {
  const { errors, value, lineOf } = document;
  if (errors.length > 0) return errors.map((error) => notYaml(error, whole));
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    const cure = ['Write fields and values, such as model_name: day-ahead.'];
    return [{ line: lineOf([]), what: 'it has no fields', cure }];
  }
  const faults = faultsOf(document, retrainingConfig.safeParse(value).error?.issues ?? []);
  const fields = value as Record<string, unknown>;
  return [
    ...faults.map(refusalOf),
    ...Object.entries(TIMES).flatMap(([field, check]) => {
      const text = fields[field];
      if (typeof text !== 'string' || faults.some(({ path }) => path[0] === field)) return [];
      const error = complaint(() => check(text));
      if (error === undefined) return [];
      const what = `${field}: ${error.message.replace(/\.$/, '')}`;
      return [{ line: lineOf([field]), what, cure: [error.cure] }];
    }),
  ];
}

function complaint(check: () => unknown): BadInputError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof BadInputError) return error;
    throw error;
  }
}

function refusalOf({ path, line, message, given, unknown }: Fault): Refusal {
  if (unknown !== undefined && path.length === 0) return unknownField(line, unknown);
  const value = given === undefined ? '' : ` (given ${given})`;
  return {
    line,
    what: `${path.map(String).join('.')}: ${message}${value}`,
    cure: [cureOf(String(path[0]))],
  };
}

function unknownField(line: number, name: string): Refusal {
  const asked = name.toLowerCase();
  const [nearest] = FIELDS.toSorted((a, b) => edits(asked, a) - edits(asked, b));
  const cure = [`Did you mean ${nearest}?`, `The fields are ${FIELDS.join(', ')}.`];
  return { line, what: `${quoted(name)} is not a field`, cure };
}

function cureOf(field: string): string {
  const says = (retrainingConfig.shape as Record<string, { description?: string } | undefined>)[field]
    ?.description;
  return says === undefined ? 'See docs/schedules.md.' : `It is: ${says}.`;
}

function notYaml({ line, message }: YamlDocument['errors'][number], text: string): Refusal {
  // `*` begins an alias: the commonest slip in a file of cron expressions.
  const bare = /^\s*\w+:\s*\*/.test(text.split('\n')[line - 1] ?? '');
  const cure = bare ? "Put the expression in quotes: '*/30 * * * *'." : 'Correct the line.';
  return { line, what: `it is not YAML (${oneLine(message).replace(/\.$/, '')})`, cure: [cure] };
}
