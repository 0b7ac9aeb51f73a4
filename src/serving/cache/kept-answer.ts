import { isOf } from '../models/check-inputs.ts';
import type { ServingPort } from '../signature.ts';
import type { TensorMap } from '../tensor.ts';
import { decodeTensors } from './tensor-bytes.ts';

export interface Expected {
  /** Of the signature. */
  ports: readonly ServingPort[];
  /** Only these outputs; absent: all. */
  asked?: readonly string[] | undefined;
  /** Of the request, where each output has as many; absent: they need not. */
  rows?: number | undefined;
}

/** A cache that others write to too may give back anything: what is no answer to this request is no value. */
export function keptAnswer(
  bytes: Uint8Array | undefined,
  { ports, asked, rows }: Expected,
): TensorMap | undefined {
  const found = bytes && decoded(bytes);
  if (!found) return undefined;
  const wanted = asked ? ports.filter(({ name }) => asked.includes(name)) : ports;
  if (found.size !== wanted.length) return undefined;
  for (const port of wanted) {
    const tensor = found.get(port.name);
    if (!tensor || !isOf(tensor, port)) return undefined;
    if (rows !== undefined && tensor.shape[0] !== rows) return undefined;
  }
  return found;
}

function decoded(bytes: Uint8Array): TensorMap | undefined {
  try {
    return decodeTensors(bytes);
  } catch {
    return undefined;
  }
}
