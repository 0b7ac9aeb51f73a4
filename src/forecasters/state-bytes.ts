import { z } from 'zod';
import { CorruptArtifactError, describeIssues } from '../errors.ts';
import { canonicalJson } from '../lake/canonical.ts';
import {
  encodeSafetensors,
  readSafetensors,
  readSafetensorsMetadata,
  tensor,
  type TensorData,
} from '../lake/safetensors.ts';

/** Arrays of a fitted model by name, and what to know of them as JSON. Equal states have equal bytes. */
export interface State<Facts> {
  facts: Facts;
  arrays: Record<string, TensorData>;
}

export function writeState({ facts, arrays }: State<unknown>): Uint8Array {
  const tensors = Object.fromEntries(
    Object.entries(arrays).map(([name, data]) => [name, tensor(data, [data.length])]),
  );
  return encodeSafetensors(tensors, { facts: canonicalJson(facts) });
}

/** What `writeState` wrote; refuses anything else. `lengths` says how long each array must be. */
export function readState<Schema extends z.ZodType>(
  bytes: Uint8Array,
  name: string,
  schema: Schema,
  lengths: (facts: z.infer<Schema>) => Record<string, number>,
): State<z.infer<Schema>> {
  const tensors = readSafetensors(bytes, name);
  const parsed = schema.safeParse(jsonOf(readSafetensorsMetadata(bytes, name)['facts'], name));
  if (!parsed.success) throw damaged(name, describeIssues(parsed.error.issues));
  const arrays: Record<string, TensorData> = {};
  for (const [key, length] of Object.entries(lengths(parsed.data))) {
    const data = tensors.get(key)?.data;
    if (data?.length !== length) {
      throw damaged(name, `${key} has ${data?.length ?? 'no'} values, not ${length}`);
    }
    arrays[key] = data;
  }
  return { facts: parsed.data, arrays };
}

function jsonOf(text: string | undefined, name: string): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    throw damaged(name, 'its facts are not JSON');
  }
}

const damaged = (name: string, what: string) =>
  new CorruptArtifactError(`${name} is not a fitted model: ${what}.`, 'Fit it again.');
