import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument } from 'yaml';
import { abTestConfig, type ABTestConfig } from '../contracts/ab-test.ts';
import { BadInputError, quoted } from '../errors.ts';
import { readFailure } from '../lake/storage-failure.ts';
import { checkFile, checkInput } from './input.ts';

/** Larger than any configuration that a person writes. */
const MOST_BYTES = 100_000;

/** The fields of a configuration that have a flag, by it: `--traffic-split` for `traffic_split`. */
export const FLAG_OF: Record<string, string> = Object.fromEntries(
  Object.keys(abTestConfig.shape).map((field) => [field, `--${field.replaceAll('_', '-')}`]),
);

/** As commander names it among the options: `trafficSplit`. */
const optionOf = (field: string) => field.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** Of a YAML file, of flags, or of both: what a flag says counts before the file. */
export async function abConfigOf(
  file: string | undefined,
  options: Record<string, unknown>,
): Promise<ABTestConfig> {
  const flags = Object.fromEntries(
    Object.keys(FLAG_OF).flatMap((field) => {
      const value = options[optionOf(field)];
      return value === undefined ? [] : [[field, value]];
    }),
  );
  if (file === undefined) return checkInput(abTestConfig, flags, FLAG_OF);
  const content = contentOf(await textOf(file), file);
  return checkFile(abTestConfig, { ...content, ...flags }, file);
}

async function textOf(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') {
      throw new BadInputError(
        `There is no file ${quoted(file)}.`,
        'Name a YAML file of fields, or give them as flags; docs/ab-tests.md has them.',
      );
    }
    throw readFailure(error, file) ?? error;
  });
  if (text.length <= MOST_BYTES) return text;
  throw new BadInputError(`${file} is larger than 100 kB.`, 'Name a configuration.');
}

function contentOf(text: string, file: string): object {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const [error] = document.errors;
  if (error) {
    const { line } = lines.linePos(error.pos[0]);
    throw new BadInputError(`${file}, line ${line}: it is not YAML (${error.code}).`, 'Correct the line.');
  }
  const content: unknown = document.toJS({ maxAliasCount: 100 });
  if (content !== null && typeof content === 'object' && !Array.isArray(content)) return content;
  throw new BadInputError(`${file} has no fields.`, 'Write fields and values, such as test_name: winter.');
}
