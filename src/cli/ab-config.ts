import { faultText, faultsOf, firstOf, type Fault } from '../config/yaml-faults.ts';
import { yamlDocument, yamlText } from '../config/yaml-file.ts';
import { abTestConfig, type ABTestConfig } from '../contracts/ab-test.ts';
import { BadInputError, quoted } from '../errors.ts';
import { checkInput } from './input.ts';

/** The fields of a configuration that have a flag, by it: `--traffic-split` for `traffic_split`. */
export const FLAG_OF: Record<string, string> = Object.fromEntries(
  Object.keys(abTestConfig.shape).map((field) => [field, `--${field.replaceAll('_', '-')}`]),
);

/** Without a default. */
const NEEDED = Object.entries(abTestConfig.shape).flatMap(([field, schema]) =>
  schema.safeParse(undefined).success ? [] : [field],
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
  if (file === undefined) {
    requireNeeded(flags);
    return checkInput(abTestConfig, flags, FLAG_OF);
  }
  const document = yamlDocument(await textOf(file));
  if (document.errors.length > 0) {
    const where = document.errors.map(({ line, code }) => `line ${line}: it is not YAML (${code})`);
    throw new BadInputError(`${file}, ${firstOf(where).join('; ')}.`, 'Correct the line.');
  }
  const parsed = abTestConfig.safeParse({ ...fieldsOf(document.value, file), ...flags });
  if (parsed.success) return parsed.data;
  const faults = faultsOf(document, parsed.error.issues).map(
    (fault) => byFlag(fault, flags) ?? faultText(fault),
  );
  throw new BadInputError(`Wrong input: ${file}: ${firstOf(faults).join('; ')}.`, 'See --help.');
}

/** Who gives no file learns how to give one. */
function requireNeeded(flags: object): void {
  const missing = NEEDED.filter((field) => !Object.hasOwn(flags, field));
  if (missing.length === 0) return;
  throw new BadInputError(
    `Not given: ${missing.join(', ')}.`,
    `Give ${missing.map((field) => FLAG_OF[field]).join(', ')}, or a YAML file with these fields, such as \`ab start winter.yaml\`; docs/ab-tests.md has one.`,
  );
}

/** What a flag said stands on no line. */
function byFlag({ path, message }: Fault, flags: object): string | undefined {
  const field = String(path[0]);
  return Object.hasOwn(flags, field) ? `${FLAG_OF[field]}: ${message}` : undefined;
}

async function textOf(file: string): Promise<string> {
  const text = await yamlText(file);
  if (text !== undefined) return text;
  throw new BadInputError(
    `There is no file ${quoted(file)}.`,
    'Name a YAML file of fields, or give them as flags; docs/ab-tests.md has them.',
  );
}

function fieldsOf(content: unknown, file: string): object {
  if (content !== null && typeof content === 'object' && !Array.isArray(content)) return content;
  throw new BadInputError(`${file} has no fields.`, 'Write fields and values, such as test_name: winter.');
}
