import { randomOf } from '../../src/model/random.ts';
import type { AttackName } from './attacks.ts';

/** One attack: what, on which slot, and when, as a step and the share of that step that has passed by then. */
export interface PlannedAttack {
  name: AttackName;
  slot: number;
  atStep: number;
  phase: number;
}

/** Drawn so often for each time that another is: most of what dies in the field is one slot. */
const WEIGHTS: Partial<Record<AttackName, number>> = { 'slot process': 4, 'slot worker': 3 };

/** What is done and when is a function of the seed; each kind comes before any comes twice where there is room. */
export function planAttacks(
  kinds: readonly AttackName[],
  { kills, seed, steps, slots }: { kills: number; seed: number; steps: number; slots: number },
): PlannedAttack[] {
  const random = randomOf('chaos', seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const weighted = kinds.flatMap((kind) => Array<AttackName>(WEIGHTS[kind] ?? 1).fill(kind));
  const names: AttackName[] = kinds.slice(0, kills);
  while (names.length < kills) names.push(weighted[below(weighted.length)]!);
  for (let i = names.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [names[i], names[j]] = [names[j]!, names[i]!];
  }
  // Evenly spread, with a draw inside of each one's share; the first and the last step are left alone.
  const share = (steps - 2) / kills;
  return names.map((name, index) => ({
    name,
    slot: below(slots),
    atStep: Math.max(1, Math.floor(1 + share * (index + random()))),
    phase: random(),
  }));
}
