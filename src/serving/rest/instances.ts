import type { Limits } from '../gate.ts';
import { invalidArgument, ServingProblem } from '../problem.ts';
import type { ServingPort } from '../signature.ts';
import type { ServingTensor, TensorMap } from '../tensor.ts';
import type { JsonCursor } from './json-cursor.ts';
import { skipValue } from './json-skip.ts';
import { TensorReader } from './tensor-reader.ts';

/**
 * The list `instances`: each item is a row, plain where the signature has one input, else an object of its inputs by
 * name. All rows are alike, and become one tensor an input.
 */
export function instancesTensors(
  cursor: JsonCursor,
  ports: readonly ServingPort[],
  limits: Pick<Limits, 'rows'>,
): TensorMap {
  if (cursor.type() !== 'Array') {
    // What is no JSON at all, such as a text that ends here, is told of first.
    skipValue(cursor);
    throw invalidArgument("Expecting 'instances' to be an list/array");
  }
  const readers = new Map(ports.map(({ name, dtype }) => [name, new TensorReader(dtype)]));
  const names = [...readers.keys()].toSorted().join(',');
  let named = false;
  const rows = cursor.list((row) => {
    if (row === limits.rows) {
      throw invalidArgument(`'instances' has more than the ${limits.rows} rows that one request may have.`);
    }
    const object = cursor.type() === 'Object' && !isEncoded(cursor);
    if (row === 0) {
      named = object;
      if (cursor.type() !== 'Object' && ports.length > 1) {
        throw invalidArgument(
          'instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map',
        );
      }
    } else if (object !== named) {
      throw invalidArgument(
        named
          ? `Expecting object but got list at item ${row} of input list`
          : `Expecting value/list but got object at item ${row} of input list`,
      );
    }
    if (!named) {
      const [name, reader] = readers.entries().next().value!;
      readItem(cursor, row, name, reader, false);
      return;
    }
    const seen = new Set<string>();
    cursor.object((name) => {
      const reader = readers.get(name);
      if (!reader)
        throw failed(row, name, invalidArgument(`JSON object: does not have named input: ${name}`));
      if (seen.has(name)) throw failed(row, name, invalidArgument(`JSON object: has it twice`));
      seen.add(name);
      readItem(cursor, row, name, reader, true);
    });
    if (seen.size < readers.size) {
      throw invalidArgument(
        `Failed to process element: ${row} of 'instances' list. JSON object: keys must be equal to: ${names}`,
      );
    }
  });
  if (rows === 0) throw invalidArgument("No values in 'instances' array");
  return new Map<string, ServingTensor>([...readers].map(([name, reader]) => [name, reader.tensor(rows)]));
}

function readItem(cursor: JsonCursor, row: number, name: string, reader: TensorReader, named: boolean): void {
  const from = cursor.at;
  try {
    reader.read(cursor);
  } catch (error) {
    if (!(error instanceof ServingProblem) || isParseError(error)) throw error;
    cursor.at = from;
    throw failed(row, named ? name : undefined, row === 0 ? error : unlike(cursor, reader, error));
  }
}

/** What is wrong with a row that stands after others: by itself, or only beside them. */
function unlike(cursor: JsonCursor, reader: TensorReader, found: ServingProblem): ServingProblem {
  const alone = new TensorReader(reader.dtype);
  try {
    alone.read(cursor);
  } catch (error) {
    return error as ServingProblem;
  }
  const [expected, got] = [reader.shape, alone.shape].map((shape) =>
    shape.reduce((size, axis) => size * axis, 1),
  );
  if (expected !== got) return invalidArgument(`Expecting tensor size: ${expected} but got: ${got}`);
  const [first, this_] = [reader.shape, alone.shape].map((shape) => `[${shape.join(',')}]`);
  return first === this_ ? found : invalidArgument(`Expecting shape ${first} but got: ${this_}`);
}

function failed(row: number, key: string | undefined, { code, message }: ServingProblem): ServingProblem {
  const where = key === undefined ? `element: ${row}` : `element: ${row} key: ${key}`;
  return invalidArgument(`Failed to process ${where} of 'instances' list. Error: ${code}: ${message}`);
}

/** Whether `{"b64": "…"}` is next, which is a value, not an object; stays. */
export function isEncoded(cursor: JsonCursor): boolean {
  const from = cursor.at;
  const found = cursor.encodedBytes() !== undefined;
  cursor.at = from;
  return found;
}

/** Whether the text is at fault, not what it says. */
const isParseError = ({ message }: ServingProblem): boolean => message.startsWith('JSON Parse error');
