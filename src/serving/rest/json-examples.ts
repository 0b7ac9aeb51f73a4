import { type Example, encodeExample, type Feature } from '../doors/example.ts';
import type { Limits } from '../gate.ts';
import { invalidArgument } from '../problem.ts';
import type { JsonCursor } from './json-cursor.ts';
import { lastNumber, readNumber } from './json-numbers.ts';
import { skipValue } from './json-skip.ts';
import { openDocument, signatureName } from './json-tensors.ts';

export interface ReadExamples {
  /** Absent: the default. */
  signature: string | undefined;
  /** Serialised, each with the context before it. */
  examples: Uint8Array[];
}

/**
 * The body of `:classify` and `:regress`.
 * @throws ServingProblem INVALID_ARGUMENT
 */
export function readExamples(body: Buffer, limits: Limits): ReadExamples {
  const cursor = openDocument(body, limits);
  let signature: string | undefined;
  let context: Uint8Array | undefined;
  let examples: Uint8Array[] | undefined;
  cursor.object((key) => {
    if (key === 'signature_name' && signature === undefined) signature = signatureName(cursor);
    else if (key === 'context' && !context) context = encodeExample(exampleHere(cursor));
    else if (key === 'examples' && !examples) examples = exampleList(cursor, limits);
    else skipValue(cursor);
  });
  if (!examples)
    throw invalidArgument("When method is classify, key 'examples' is expected and was not found");
  const shared = context;
  if (shared) examples = examples.map((example) => Buffer.concat([shared, example]));
  return { signature, examples };
}

function exampleList(cursor: JsonCursor, { rows }: Limits): Uint8Array[] {
  if (cursor.type() !== 'Array') {
    skipValue(cursor);
    throw invalidArgument("Expecting 'examples' value to be an list/array");
  }
  const examples: Uint8Array[] = [];
  cursor.list((index) => {
    if (index === rows)
      throw invalidArgument(`'examples' has more than the ${rows} that one request may have.`);
    examples.push(encodeExample(exampleHere(cursor)));
  });
  if (examples.length === 0) throw invalidArgument("'examples' value is an empty array");
  return examples;
}

function exampleHere(cursor: JsonCursor): Example {
  const type = cursor.type();
  if (type !== 'Object') throw invalidArgument(`Example must be JSON object but got JSON ${type}`);
  const example = new Map<string, Feature>();
  cursor.object((name) => {
    let feature: Feature | undefined;
    const add = () => (feature = withValue(cursor, name, feature));
    if (cursor.type() === 'Array') cursor.list(add);
    else add();
    // An empty list is of no kind; an empty one of bytes reads the same on the wire.
    example.set(name, feature ?? { kind: 'bytes', values: [] });
  });
  return example;
}

/** The value here, put to those of its feature before it, which must be of the same kind. */
function withValue(cursor: JsonCursor, name: string, feature: Feature | undefined): Feature {
  const type = cursor.type();
  const before = <Kind extends Feature['kind']>(kind: Kind): Extract<Feature, { kind: Kind }> => {
    const list = (feature ?? { kind, values: [] }) as Feature;
    if (list.kind === kind) return list as Extract<Feature, { kind: Kind }>;
    throw invalidArgument(`Unexpected element type in feature: ${name} expecting type: ${list.kind}`);
  };
  const unexpected = () => invalidArgument(`Feature: ${name} has element with unexpected JSON type: ${type}`);
  switch (type) {
    case 'True':
    case 'False': {
      const list = before('int64');
      list.values.push(cursor.word() ? 1n : 0n);
      return list;
    }
    case 'String': {
      const list = before('bytes');
      list.values.push(cursor.string());
      return list;
    }
    case 'Object': {
      const bytes = cursor.encodedBytes();
      if (!bytes) throw unexpected();
      const list = before('bytes');
      list.values.push(bytes);
      return list;
    }
    case 'Number': {
      const from = cursor.at;
      const value = readNumber(cursor, false);
      if (!lastNumber.integral) {
        const list = before('float');
        list.values.push(value);
        return list;
      }
      const list = before('int64');
      const whole = BigInt(cursor.bytes.toString('latin1', from, cursor.at));
      if (whole !== BigInt.asIntN(64, whole)) {
        throw invalidArgument(`Feature: ${name} has uint64_t element. Only int64_t is supported.`);
      }
      list.values.push(whole);
      return list;
    }
    default:
      throw unexpected();
  }
}
