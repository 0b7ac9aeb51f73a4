import type { ABTestRecord } from '../contracts/ab-test.ts';
import type { ChampionRecord } from '../contracts/lifecycle.ts';
import { routeRequest } from '../ab-test/route.ts';
import { noteExposure } from '../ab-test/journal.ts';
import { workKey } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { besideChampion, drawOf } from './beside.ts';
import { noChampion, readChampion } from './champion.ts';
import { readVersion, readVersionRecord, type ModelVersion } from './versions.ts';

/** What a call asks for. The same call is always answered by the same version while the canary stands. */
export interface Call {
  /** None of a series of one's own. */
  regions: readonly string[];
  /** The hour of the issue, or what else says of what moment the forecast is. */
  issuedAt: string;
}

/** A call that an A/B test answers. */
export interface Tested {
  name: string;
  /** Names the call to whoever tells what came of it. */
  request: string;
}

export interface Answering {
  version: ModelVersion;
  role: 'named' | 'champion' | 'canary' | 'control' | 'treatment';
  /** In words: why this version answers and no other. */
  why: string;
  test?: Tested;
  /** To be called once the answer is there: it then counts in the test. */
  answered?: () => Promise<void>;
}

interface Asked {
  name: string;
  version?: number;
  /** Whoever asks, where the same call shall not be answered alike for all. */
  user?: string;
  /** Names the call to an A/B test; default: made of the call and the user. */
  request?: string;
}

/**
 * The version that answers: the one that is named; else, while an A/B test runs, the variant that the user was dealt;
 * else, while a canary runs, the canary for its share of the calls and the champion for the rest. `callOf` is asked only where it matters.
 */
export async function answeringVersion(
  home: Home,
  { name, version, user, request }: Asked,
  callOf: (champion: ModelVersion) => Promise<Call>,
): Promise<Answering> {
  if (version !== undefined) {
    return {
      version: await readVersion({ home }, { name, version }),
      role: 'named',
      why: 'it was asked for',
    };
  }
  const champion = await readChampion({ home }, { name });
  if (!champion) throw await noChampion(home, name);
  const { test, canary } = await besideChampion(home, champion);
  if (test) return byTest(home, champion, test, { user, request }, callOf);
  if (!canary) return byChampion(home, champion, 'it is the champion');
  const call = await callOf(await readVersionRecord(home, name, champion.version));
  const unknown = await unknownRegion(home, { name, version: canary.version }, call);
  if (unknown !== undefined) {
    return byChampion(home, champion, `the canary, version ${canary.version}, does not know ${unknown}`);
  }
  const drawn = draw(name, canary.generation, call, user);
  const isCanary = drawn < canary.share;
  const why = `this call drew ${drawn.toFixed(4)} and the canary, version ${canary.version}, answers below ${canary.share}`;
  if (!isCanary) return byChampion(home, champion, why);
  return { version: await readVersion({ home }, { name, ...canary }), role: 'canary', why };
}

/** A number from 0 to 1 of its own for each call; as the share grows, whom the canary answered it goes on answering. */
export function draw(name: string, generation: number, { regions, issuedAt }: Call, user?: string): number {
  return drawOf([name, generation, regions.toSorted(), issuedAt, user ?? null]);
}

/** Who may be dealt does not depend on the variant: a region that either does not know is the champion's, uncounted. */
async function byTest(
  home: Home,
  champion: ChampionRecord,
  test: ABTestRecord,
  { user, request: named }: Pick<Asked, 'user' | 'request'>,
  callOf: (champion: ModelVersion) => Promise<Call>,
): Promise<Answering> {
  const { config } = test;
  const name = config.test_name;
  const call = await callOf(await readVersionRecord(home, champion.name, champion.version));
  for (const variant of [test.control, test.treatment]) {
    const unknown = await unknownRegion(home, variant, call);
    if (unknown === undefined) continue;
    const which = variant === test.control ? 'control' : 'treatment';
    return byChampion(home, champion, `the ${which} of the A/B test ${name} does not know ${unknown}`);
  }
  const request =
    named ?? workKey([name, champion.name, call.regions.toSorted(), call.issuedAt, user ?? null]);
  const role = routeRequest(config, request, user);
  const who = user === undefined ? `the request ${request}` : 'this user';
  return {
    version: await readVersion({ home }, test[role]),
    role,
    why: `the A/B test ${name} dealt ${who} the ${role}`,
    test: { name, request },
    async answered() {
      await noteExposure(home, test, { request, user, at: new Date().toISOString() });
    },
  };
}

async function byChampion(home: Home, champion: ChampionRecord, why: string): Promise<Answering> {
  return { version: await readVersion({ home }, champion), role: 'champion', why };
}

/** A version that learnt fewer regions leaves the others to the champion. */
async function unknownRegion(
  home: Home,
  { name, version }: { name: string; version: number },
  { regions }: Call,
): Promise<string | undefined> {
  if (regions.length === 0) return undefined;
  const { record } = await readVersionRecord(home, name, version);
  const known = new Set<string>(record.metrics.map(({ region }) => region));
  return regions.find((region) => !known.has(region));
}
