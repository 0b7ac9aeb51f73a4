import type { ServingTensor, TensorMap } from '../../tensor.ts';
import type { Difference } from '../observer.ts';

/** Holds a candidate's outputs against the champion's. */
export function compareOutputs(
  champion: TensorMap,
  candidate: TensorMap,
): { differences: Difference[]; mismatched: string[] } {
  const differences: Difference[] = [];
  const mismatched: string[] = [];
  for (const output of new Set([...champion.keys(), ...candidate.keys()])) {
    const [a, b] = [champion.get(output), candidate.get(output)];
    if (a && b && a.dtype === b.dtype && a.shape.join() === b.shape.join()) {
      differences.push({ output, ...differenceOf(a, b) });
    } else mismatched.push(output);
  }
  return { differences, mismatched };
}

/** Infinite where one has a number and the other has none. */
function differenceOf(champion: ServingTensor, candidate: ServingTensor): Omit<Difference, 'output'> {
  const { dtype } = champion;
  if (dtype === 'string' || dtype === 'bool') return unlikeness(champion, candidate);
  const [a, b] = [champion.data as ArrayLike<number | bigint>, candidate.data as ArrayLike<number | bigint>];
  let absolute = 0;
  let greatest = 0;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [Number(a[i]), Number(b[i])];
    // Both none, or both beyond all numbers on the same side.
    if (Object.is(x, y)) {
      if (Number.isFinite(x)) greatest = Math.max(greatest, Math.abs(x));
      continue;
    }
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      return { absolute: Number.POSITIVE_INFINITY, relative: Number.POSITIVE_INFINITY };
    }
    absolute = Math.max(absolute, Math.abs(x - y));
    greatest = Math.max(greatest, Math.abs(x));
  }
  return { absolute, relative: absolute === 0 ? 0 : absolute / greatest };
}

function unlikeness({ data: a }: ServingTensor, { data: b }: ServingTensor): Omit<Difference, 'output'> {
  let unlike = 0;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    const isSame = x instanceof Uint8Array ? Buffer.compare(x, y as Uint8Array) === 0 : x === y;
    if (!isSame) unlike++;
  }
  return { absolute: unlike, relative: a.length === 0 ? 0 : unlike / a.length };
}
