import { fullAttention, largest, type Operands, type Shape } from './full-attention.ts';
import { NAMES, type Tensors } from './on-ring.ts';

/** For scores of up to ±30, relative to the largest value of the tensor. */
export const BOUND = 1e-5;

/**
 * Where a row sees a single key, or all its weight is on one, its gradient is the difference of equal numbers: no
 * fraction of that is left to measure by, only of what was subtracted.
 */
const CANCELLED = 5e-7;

export type Reference = ReturnType<typeof fullAttention>;

const references = new Map<string, Reference>();

/** Many rings and engines are held against the same one. `key` names the operands. */
export function referenceOf(key: string, operands: Operands, shape: Shape): Reference {
  const { heads, kvHeads, headDim, tokens, causal, window } = shape;
  const name = JSON.stringify([key, heads, kvHeads, headDim, tokens, causal, window]);
  const known = references.get(name) ?? fullAttention(operands, shape);
  references.set(name, known);
  return known;
}

/** Which tensors are off by more than `bound` of their largest value, and by how much; NaN is off. */
export function faults(ours: Tensors, reference: Reference, bound: number): string[] {
  return NAMES.flatMap((name) => {
    const scale = largest(reference[name]);
    const floor = name === 'dq' || name === 'dk' ? CANCELLED * reference.terms[name] : 0;
    let worst = 0;
    reference[name].forEach((value, i) => {
      const error = Math.abs(value - ours[name][i]!);
      if (!(error <= worst)) worst = error;
    });
    return worst <= Math.max(bound * scale, floor)
      ? []
      : [`${name} is off by ${worst / scale} of its largest value`];
  });
}
