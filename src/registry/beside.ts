import { runningTest } from '../ab-test/store.ts';
import type { ABTestRecord } from '../contracts/ab-test.ts';
import { activeCanary, type Canary, type ChampionRecord } from '../contracts/lifecycle.ts';
import { canonicalJson, sha256 } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { readCanary } from './canary.ts';

/** Who answers, beside the champion, what names no version. At most one is there. */
export interface Beside {
  test: ABTestRecord | null;
  canary: Canary | null;
}

/** A running A/B test goes before any canary: who may be dealt must not depend on anything but the test. */
export async function besideChampion(home: Home, champion: ChampionRecord): Promise<Beside> {
  const test = await runningTest(home, champion);
  if (test) return { test, canary: null };
  const { name } = champion;
  return { test: null, canary: activeCanary(champion, await readCanary({ home }, { name })) };
}

/** A number from 0 to 1 of its own for each call: the canary answers below its share, and goes on doing so as it grows. */
export const drawOf = (call: readonly unknown[]): number =>
  Number.parseInt(sha256(canonicalJson(call)).slice(0, 12), 16) / 2 ** 48;
