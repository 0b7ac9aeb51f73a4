import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { LineCounter, isMap, isNode, parseAllDocuments, type Document } from 'yaml';
import { retrainingConfig, type RetrainingConfig } from '../src/contracts/retraining.ts';
import { BadInputError, messageOf, oneLine, quoted } from '../src/errors.ts';
import { edits } from '../src/explain/near-names.ts';
import { checkTimeZone, parseCron } from '../src/jobs/cron.ts';
import { readFailure } from '../src/lake/storage-failure.ts';

export const SHIPPED_CONFIG = fileURLToPath(new URL('day-ahead.yaml', import.meta.url));

/** Larger than any configuration that a person writes. */
const MOST_BYTES = 1_000_000;
const CRON_FIELDS = [
  'retrain_schedule',
  'ingestion_schedule',
  'drift_schedule',
  'forecast_schedule',
] as const;
const FIELDS = Object.keys(retrainingConfig.shape);

export interface RetrainingFile {
  file: string;
  /** Of this configuration alone, where the file holds several. */
  text: string;
  config: RetrainingConfig;
}

type Path = readonly PropertyKey[];

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
  const text = await textOf(file);
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (documents.length === 0)
    throw wrong(file, 1, 'it holds nothing', 'Write at least model_name: day-ahead.');
  const configs = documents.map((document) => configOf(document, { file, text, lines }));
  if (configs.length === 1) return configs;
  return configs.map((each, i) => ({ ...each, text: String(documents[i]) }));
}

interface Source {
  file: string;
  text: string;
  lines: LineCounter;
}

function configOf(document: Document.Parsed, source: Source): RetrainingFile {
  const { file, text, lines } = source;
  const [error] = document.errors;
  if (error) throw notYaml(source, lines.linePos(error.pos[0]).line, error.message);
  const lineOf = (path: Path) => lineIn(document, path, lines);
  if (!isMap(document.contents)) {
    throw wrong(
      file,
      lineOf([]),
      'it has no fields',
      'Write fields and values, such as model_name: day-ahead.',
    );
  }
  const parsed = retrainingConfig.safeParse(valueOf(document, source));
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    if (issue.code === 'unrecognized_keys') throw unknownField(file, lineOf, issue.keys[0]!);
    const field = issue.path.map(String).join('.');
    throw wrong(file, lineOf(issue.path), `${field}: ${issue.message}`, `${cureOf(String(issue.path[0]))}`);
  }
  const config = parsed.data;
  at('time_zone', () => checkTimeZone(config.time_zone));
  for (const field of CRON_FIELDS) at(field, () => parseCron(config[field]));
  return { file, text, config };

  function at(field: string, check: () => unknown): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof BadInputError)) throw error;
      throw wrong(file, lineOf([field]), `${field}: ${error.message.replace(/\.$/, '')}`, error.cure);
    }
  }
}

function unknownField(file: string, lineOf: (path: Path) => number, name: string): BadInputError {
  const asked = name.toLowerCase();
  const [nearest] = FIELDS.toSorted((a, b) => edits(asked, a) - edits(asked, b));
  const meant = `Did you mean ${nearest}? The fields are ${FIELDS.join(', ')}.`;
  return wrong(file, lineOf([name]), `${quoted(name)} is not a field`, meant);
}

function cureOf(field: string): string {
  const says = (retrainingConfig.shape as Record<string, { description?: string } | undefined>)[field]
    ?.description;
  return says === undefined ? 'See docs/schedules.md.' : `It is: ${says}.`;
}

/** Where a value stands, or the nearest of what holds it. */
function lineIn(document: Document.Parsed, path: Path, lines: LineCounter): number {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => String(isNode(key) ? key.toJSON() : key) === String(path[length - 1]))
      : undefined;
    const node = pair?.key ?? document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  const { contents } = document;
  return contents?.range ? lines.linePos(contents.range[0]).line : 1;
}

function valueOf(document: Document.Parsed, source: Source): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw notYaml(source, 1, messageOf(error));
  }
}

function notYaml({ file, text }: Source, line: number, message: string): BadInputError {
  // `*` begins an alias: the commonest slip in a file of cron expressions.
  const bare = /^\s*\w+:\s*\*/.test(text.split('\n')[line - 1] ?? '');
  const cure = bare ? "Put the expression in quotes: '*/30 * * * *'." : 'Correct the line.';
  return wrong(file, line, `it is not YAML (${oneLine(message).replace(/\.$/, '')})`, cure);
}

const wrong = (file: string, line: number, what: string, cure: string) =>
  new BadInputError(`${file}, line ${line}: ${what}.`, cure);

async function textOf(file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new BadInputError(
        `There is no file ${quoted(file)}.`,
        'Name a YAML file of fields; schedules/day-ahead.yaml is one.',
      );
    }
    if ((error as NodeJS.ErrnoException).code === 'EISDIR') {
      throw new BadInputError(`${quoted(file)} is a folder.`, 'Name the files in it.');
    }
    throw readFailure(error, file) ?? error;
  }
  if (text.length > MOST_BYTES)
    throw new BadInputError(`${file} is larger than 1 MB.`, 'Name a configuration.');
  return text;
}
