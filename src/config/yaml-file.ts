import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { LineCounter, isMap, isNode, parseAllDocuments, parseDocument, visit, type Document } from 'yaml';
import { BadInputError, messageOf, quoted } from '../errors.ts';
import { readFailure } from '../lake/storage-failure.ts';

/** Larger than any file that a person writes. */
const MOST_BYTES = 100_000;
const FORM = { prettyErrors: false, uniqueKeys: true };

export type Path = readonly PropertyKey[];

/** What a person wrote, and on which line each part of it stands. */
export interface YamlDocument {
  text: string;
  /** Why it is no YAML, a line each; where it is not, there is no value. */
  errors: { line: number; code: string; message: string }[];
  value: unknown;
  /** The line, from 1, of a value, or of the nearest list or map around it. */
  lineOf(path: Path): number;
}

/** The text of a YAML file that a person wrote; undefined where there is none. */
export async function yamlText(path: string): Promise<string | undefined> {
  let bytes: Buffer;
  try {
    bytes = await buffer(createReadStream(path, { end: MOST_BYTES }));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'EISDIR') throw new BadInputError(`${quoted(path)} is a folder.`, 'Name the files in it.');
    throw readFailure(error, path) ?? error;
  }
  if (bytes.length <= MOST_BYTES) return bytes.toString();
  throw new BadInputError(`${path} is larger than 100 kB.`, 'Name a file that a person wrote.');
}

/** The file's only document. */
export function yamlDocument(text: string): YamlDocument {
  const lines = new LineCounter();
  return documentOf(parseDocument(text, { ...FORM, lineCounter: lines }), text, lines);
}

/** Those of a file that may hold several, each after a line `---`. */
export function yamlDocuments(text: string): YamlDocument[] {
  const lines = new LineCounter();
  const all = parseAllDocuments(text, { ...FORM, lineCounter: lines });
  return all.map((each) => documentOf(each, all.length === 1 ? text : undefined, lines));
}

/** `whole`: the text of a file that holds this document alone; one of several is written anew from what was read. */
function documentOf(document: Document.Parsed, whole: string | undefined, lines: LineCounter): YamlDocument {
  const lineOf = (path: Path) => lineIn(document, path, lines);
  const wrong = (errors: YamlDocument['errors']) => ({ text: whole ?? '', errors, value: undefined, lineOf });
  if (document.errors.length > 0) {
    const errors = document.errors.map(({ pos, code, message }) => {
      const { line } = lines.linePos(pos[0]);
      return { line, code: String(code), message };
    });
    return wrong(oncePerLine(errors));
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return { text: whole ?? String(document), errors: [], value, lineOf };
  } catch (error) {
    const line = unresolvedAt(document, lines) ?? lineOf([]);
    return wrong([{ line, code: 'ALIASES', message: messageOf(error) }]);
  }
}

/** One slip breaks a line at each of its words: the first says what is wrong. */
const oncePerLine = (errors: YamlDocument['errors']) =>
  errors.filter(({ line }, i) => errors.findIndex((each) => each.line === line) === i);

/** The line of the first alias of what is named nowhere before it. */
function unresolvedAt(document: Document.Parsed, lines: LineCounter): number | undefined {
  let at: number | undefined;
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined || !alias.range) return undefined;
      at = lines.linePos(alias.range[0]).line;
      return visit.BREAK;
    },
  });
  return at;
}

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
