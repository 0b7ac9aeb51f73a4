import type { ABTestRecord } from '../../contracts/ab-test.ts';
import type { Canary, ChampionRecord } from '../../contracts/lifecycle.ts';
import { activeShadow, type ShadowVersion } from '../../contracts/shadow.ts';
import type { Home } from '../../lake/home.ts';
import { besideChampion } from '../../registry/beside.ts';
import { readChampion } from '../../registry/champion.ts';
import { readShadow } from '../../registry/shadow.ts';

/** Who answers what names no version of a model, and who is shown it besides. Never written to: a change makes another. */
export interface TrafficState {
  readonly model: string;
  /** Null where nobody was promoted: then nobody answers. */
  readonly champion: ChampionRecord | null;
  readonly canary: Canary | null;
  readonly test: ABTestRecord | null;
  readonly shadow: ShadowVersion | null;
}

/** As the files of the home have it now. */
export async function trafficOf(home: Home, model: string): Promise<TrafficState> {
  const champion = await readChampion({ home }, { name: model });
  if (!champion) return { model, champion, canary: null, test: null, shadow: null };
  const [beside, shadow] = await Promise.all([besideChampion(home, champion), readShadow(home, model)]);
  return { model, champion, ...beside, shadow: activeShadow(champion, shadow) };
}

/** A version that a call may lead to. */
export interface Wanted {
  model: string;
  version: number;
}

/** All that must be loaded for a state: the champion first. A variant may be of another model. */
export function versionsOf({ model, champion, canary, test, shadow }: TrafficState): Wanted[] {
  const ours = [champion, canary, shadow].flatMap((one) => (one ? [{ model, version: one.version }] : []));
  const tested = test ? [test.control, test.treatment] : [];
  const all = [...ours, ...tested.map(({ name, version }) => ({ model: name, version }))];
  return all.filter(
    ({ model: name, version }, i) =>
      all.findIndex((other) => other.model === name && other.version === version) === i,
  );
}
