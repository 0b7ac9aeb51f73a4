import { invalidArgument } from '../problem.ts';
import type { ModelSpec } from '../service.ts';

export type RestTarget =
  { kind: 'predict' | 'classify' | 'regress' | 'status' | 'metadata'; spec: ModelSpec } | { kind: 'models' };

/** The two shapes of addresses, as TensorFlow Serving has them; letters may be of either case up to the name. */
const ASKING =
  /^\/v1\/models\/([^/:]+)(?:\/versions\/(\d+)|\/labels\/([^/:]+))?:(classify|regress|predict)$/i;
const TELLING = /^\/v1\/models(?:\/([^/:]+))?(?:\/versions\/(\d+)|\/labels\/([^/:]+))?(?:\/(metadata))?$/i;
const VERBS = ['classify', 'regress', 'predict'] as const;

/**
 * What a request is for, read from its path as it came: a name stands escaped in it, so that it can hold no `/`.
 * @throws ServingProblem INVALID_ARGUMENT
 */
export function restTarget(method: string, path: string): RestTarget {
  const asking = method === 'POST';
  const found = asking
    ? ASKING.exec(path)
    : method === 'GET' || method === 'HEAD'
      ? TELLING.exec(path)
      : null;
  if (!found) throw malformed(method);
  const [, name, version, label, last] = found;
  if (name === undefined) {
    if (version === undefined && label === undefined && last === undefined) return { kind: 'models' };
    throw invalidArgument('Missing model name in request.');
  }
  const spec: ModelSpec = {
    name: unescaped(name, 'model name'),
    ...(version !== undefined && { version: versionNumber(version) }),
    ...(label !== undefined && { label: unescaped(label, 'model version label') }),
  };
  if (!asking) return { kind: last === undefined ? 'status' : 'metadata', spec };
  const kind = VERBS.find((verb) => verb === last);
  if (!kind) throw malformed(method);
  return { kind, spec };
}

/** The path is not repeated: what somebody typed wrong may be a key. */
const malformed = (method: string) =>
  invalidArgument(
    `Malformed request: ${method} of this path. Paths are /v1/models/NAME[/versions/V|/labels/L]:predict and the like.`,
  );

function unescaped(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidArgument(`Failed to decode ${what}`);
  }
}

function versionNumber(digits: string): number {
  const version = Number(digits);
  if (Number.isSafeInteger(version)) return version;
  throw invalidArgument('Failed to convert version to numeric: it is too large.');
}
