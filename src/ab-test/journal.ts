import { open } from 'node:fs/promises';
import type { ABAccount, ABOutcome, ABTestRecord } from '../contracts/ab-test.ts';
import { withLock } from '../lake/file-lock.ts';
import type { Home } from '../lake/home.ts';
import { appendLines } from '../lake/json-lines.ts';
import { unlessGone } from '../lake/storage-failure.ts';
import { textIfThere } from '../lake/text-file.ts';
import { UNKNOWN_REQUEST, type Evaluation, type Exposure } from './evaluation.ts';
import { EXPOSURES, FollowedTest, OUTCOMES } from './followed.ts';
import { routeRequest, unitKey, unitOf } from './route.ts';
import { requireTest, testUri } from './store.ts';

const MOST_REFUSALS_TOLD = 10;
/** Some two million exposures: more decide nothing, and whoever reads them needs room for all. */
const MOST_EXPOSURE_BYTES = 256 * 2 ** 20;

/** What the files keep of a request that was answered. */
export const exposureOf = (
  { config }: Pick<ABTestRecord, 'config'>,
  { request, user, at }: { request: string; user: string | undefined; at: string },
): Exposure => ({
  ...{ at, request, unit: unitKey(config.test_name, unitOf(request, user)) },
  variant: routeRequest(config, request, user),
});

/** Counts a request that was answered; the same one again is one. Users stand in the file by a pseudonym. */
export async function noteExposure(
  home: Home,
  record: ABTestRecord,
  answered: { request: string; user: string | undefined; at: string },
): Promise<Exposure> {
  const exposure = exposureOf(record, answered);
  const name = record.config.test_name;
  await locked(home, name, async () => {
    const text = await textOf(home.path(testUri(name, EXPOSURES)));
    if (text.includes(`"request":${JSON.stringify(exposure.request)}`)) return;
    await appendLines(home.path(testUri(name, EXPOSURES)), text, [exposure]);
  });
  return exposure;
}

/** Counts many at once without reading those before: one that is told twice is one. False: the test takes no more. */
export async function noteExposures(
  home: Home,
  name: string,
  exposures: readonly Exposure[],
): Promise<boolean> {
  const path = home.path(testUri(name, EXPOSURES));
  return locked(home, name, async () => {
    const { bytes, last } = await endOf(path);
    if (bytes > MOST_EXPOSURE_BYTES) return false;
    await appendLines(path, last, exposures);
    return true;
  });
}

/**
 * Adds what came of requests, and how the test stands then. What does not count is told with its reason, and leaves no
 * line; `unknown` are those of requests that nobody is known to have been answered. `followed` keeps what was read for
 * the next time.
 */
export async function noteOutcomes(
  home: Home,
  name: string,
  outcomes: readonly ABOutcome[],
  at: string,
  followed?: FollowedTest,
): Promise<{ account: ABAccount; evaluation: Evaluation; unknown: ABOutcome[] }> {
  const { config, ending } = await requireTest(home, name);
  const journal = followed ?? new FollowedTest(home, config);
  const unknown: ABOutcome[] = [];
  const account: ABAccount = { taken: 0, repeated: 0, refused: 0, refusals: [] };
  const refuse = (request: string, reason: string) => {
    account.refused++;
    if (account.refusals.length < MOST_REFUSALS_TOLD) account.refusals.push({ request, reason });
  };
  if (ending) {
    for (const { request } of outcomes) refuse(request, 'the test has ended');
    return { account, unknown, evaluation: await journal.read() };
  }
  return locked(home, name, async () => {
    const evaluation = await journal.read();
    const lines: object[] = [];
    for (const told of outcomes) {
      const outcome = { ...told, at: told.at ?? at };
      if (evaluation.hasOutcome(told.request)) {
        account.repeated++;
        continue;
      }
      const refusal = evaluation.add(outcome);
      if (refusal === null) lines.push(outcome);
      else refuse(told.request, refusal);
      if (refusal === UNKNOWN_REQUEST) unknown.push(outcome);
    }
    account.taken = lines.length;
    const path = home.path(testUri(name, OUTCOMES));
    try {
      if (lines.length > 0) await appendLines(path, (await endOf(path)).last, lines);
    } catch (error) {
      journal.forget();
      throw error;
    }
    return { account, evaluation, unknown };
  });
}

/** All that came in so far, in the order in which it came. */
export const evaluationOf = (home: Home, config: ABTestRecord['config']): Promise<Evaluation> =>
  new FollowedTest(home, config).read();

const locked = <T>(home: Home, name: string, work: () => Promise<T>) =>
  withLock(home.path(testUri(name, '.journal')), `the journal of the A/B test ${name}`, work);

/** How long a file is, and its last letter: whether its last line has an end. */
async function endOf(path: string): Promise<{ bytes: number; last: string }> {
  const handle = await open(path, 'r').catch(unlessGone(path, null));
  if (!handle) return { bytes: 0, last: '' };
  try {
    const { size } = await handle.stat();
    const last = Buffer.alloc(Math.min(1, size));
    await handle.read(last, 0, last.length, Math.max(0, size - 1));
    return { bytes: size, last: last.toString('latin1') };
  } finally {
    await handle.close();
  }
}

const textOf = async (path: string) => (await textIfThere(path)) ?? '';
