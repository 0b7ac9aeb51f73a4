import { abTestConfig, type ABTestRecord } from '../../../src/contracts/ab-test.ts';
import { startTest } from '../../../src/ab-test/store.ts';
import type { Home } from '../../../src/lake/home.ts';
import { writeCanary, writeChampion } from '../../../src/registry/stage.ts';
import { readVersionRecord } from '../../../src/registry/versions.ts';
import { withHome } from '../../backtest/sample-home.ts';
import { NAME, registerTwo } from '../../http/sample-door.ts';

export { NAME };
export const AT = '2026-01-01T00:00:00.000Z';

/** A home with versions 1 and 2 of a model; version 1 is champion. */
export const withVersions = (act: (home: Home) => Promise<void>) =>
  withHome(async (context) => {
    await registerTwo(context);
    await crown(context.home, 1, 1);
    await act(context.home);
  });

const hashOf = async (home: Home, version: number) => (await readVersionRecord(home, NAME, version)).sha256;

export async function crown(home: Home, generation: number, version: number): Promise<void> {
  const sha256 = await hashOf(home, version);
  await writeChampion({ home }, { name: NAME, generation, version, sha256, since: AT, previous: [] });
}

export async function standCanary(home: Home, share: number, championGeneration = 1): Promise<void> {
  const [generation, version] = [1, 2];
  const sha256 = await hashOf(home, version);
  const canary = { version, sha256, share, since: AT, generation, championGeneration };
  await writeCanary({ home }, { name: NAME, generation, canary });
}

export const configOf = (changes: object = {}) =>
  abTestConfig.parse({
    ...{ test_name: 'winter', control_model: NAME, treatment_model: `${NAME}@2` },
    ...{ success_metric: 'rating', traffic_split: 0.5, ...changes },
  });

export const startWinter = (home: Home, changes: object = {}): Promise<ABTestRecord> =>
  startTest(home, { config: configOf(changes), by: 'ada', at: AT });
