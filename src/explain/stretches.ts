import { randomOf } from '../model/random.ts';

/**
 * Issues that are exchanged for one another lie within so many of each other: about two months, so that the season
 * stays what it was and every weekday meets all others.
 */
export const STRETCH_ISSUES = 60;

/** Consecutive issues cut into stretches of nearly the same size: where each begins, and the end. */
export function stretchesOf(issues: number): number[] {
  const count = Math.max(1, Math.round(issues / STRETCH_ISSUES));
  return Array.from({ length: count + 1 }, (_, i) => Math.floor((i * issues) / count));
}

/**
 * For each issue the one whose values it is given: within every stretch one cycle through all of it (Sattolo 1986),
 * so that no issue keeps its own and each is given once.
 */
export function exchange(issues: number, ...seed: (string | number)[]): Int32Array {
  const random = randomOf('exchange', ...seed);
  const donors = Int32Array.from({ length: issues }, (_, i) => i);
  const bounds = stretchesOf(issues);
  for (let s = 1; s < bounds.length; s++) {
    const begin = bounds[s - 1]!;
    for (let i = bounds[s]! - 1; i > begin; i--) {
      const j = begin + Math.floor(random() * (i - begin));
      [donors[i], donors[j]] = [donors[j]!, donors[i]!];
    }
  }
  return donors;
}

/** Other issues of an issue's stretch, drawn without repetition; all of them where there are no more than `most`. */
export function othersOf(
  issue: number,
  issues: number,
  most: number,
  ...seed: (string | number)[]
): number[] {
  const bounds = stretchesOf(issues);
  const s = bounds.findIndex((bound) => bound > issue);
  const others: number[] = [];
  for (let i = bounds[s - 1]!; i < bounds[s]!; i++) if (i !== issue) others.push(i);
  const random = randomOf('others', ...seed);
  for (let i = 0; i < Math.min(most, others.length); i++) {
    const j = i + Math.floor(random() * (others.length - i));
    [others[i], others[j]] = [others[j]!, others[i]!];
  }
  return others.slice(0, most);
}
