import { createHash } from 'node:crypto';
import type { OptimizerState } from '../adamw.ts';

/** SHA-256 of all that a step changes: two ranks with the same one go on alike. */
export function stateHash({ weights, m, v, step }: OptimizerState): string {
  const hash = createHash('sha256').update(`${step} `);
  for (const part of [weights, m, v])
    hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  return hash.digest('hex');
}
