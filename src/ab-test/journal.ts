import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import {
  abOutcome,
  variant,
  type ABAccount,
  type ABOutcome,
  type ABTestRecord,
} from '../contracts/ab-test.ts';
import { requestId } from '../contracts/stages.ts';
import { withLock } from '../lake/file-lock.ts';
import type { Home } from '../lake/home.ts';
import { appendLines, linesOf } from '../lake/json-lines.ts';
import { textIfThere } from '../lake/text-file.ts';
import { Evaluation, type Exposure } from './evaluation.ts';
import { routeRequest, unitKey, unitOf } from './route.ts';
import { requireTest, testUri } from './store.ts';

const EXPOSURES = 'exposures.jsonl';
const OUTCOMES = 'outcomes.jsonl';
const MOST_REFUSALS_TOLD = 10;
const LINES_AT_ONCE = 5000;

const exposureLine = z.strictObject({ at: z.string(), request: requestId, unit: z.string(), variant });
const outcomeLine = abOutcome.extend({ at: z.string() });

/** Counts a request that was answered; the same one again is one. Users stand in the file by a pseudonym. */
export async function noteExposure(
  home: Home,
  { config }: ABTestRecord,
  { request, user, at }: { request: string; user: string | undefined; at: string },
): Promise<Exposure> {
  const name = config.test_name;
  const exposure = {
    ...{ at, request, unit: unitKey(name, unitOf(request, user)) },
    variant: routeRequest(config, request, user),
  };
  await locked(home, name, async () => {
    const text = await textOf(home.path(testUri(name, EXPOSURES)));
    if (text.includes(`"request":${JSON.stringify(request)}`)) return;
    await appendLines(home.path(testUri(name, EXPOSURES)), text, [exposure]);
  });
  return exposure;
}

/** Adds what came of requests, and how the test stands then. What does not count is told with its reason, and leaves no line. */
export async function noteOutcomes(
  home: Home,
  name: string,
  outcomes: readonly ABOutcome[],
  at: string,
): Promise<{ account: ABAccount; evaluation: Evaluation }> {
  const { config, ending } = await requireTest(home, name);
  const account: ABAccount = { taken: 0, repeated: 0, refused: 0, refusals: [] };
  const refuse = (request: string, reason: string) => {
    account.refused++;
    if (account.refusals.length < MOST_REFUSALS_TOLD) account.refusals.push({ request, reason });
  };
  if (ending) {
    for (const { request } of outcomes) refuse(request, 'the test has ended');
    return { account, evaluation: await evaluationOf(home, config) };
  }
  return locked(home, name, async () => {
    const evaluation = await evaluationOf(home, config);
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
    }
    account.taken = lines.length;
    const path = home.path(testUri(name, OUTCOMES));
    if (lines.length > 0) await appendLines(path, await textOf(path), lines);
    return { account, evaluation };
  });
}

/** All that came in so far, in the order in which it came. */
export async function evaluationOf(home: Home, config: ABTestRecord['config']): Promise<Evaluation> {
  const evaluation = new Evaluation(config);
  const name = config.test_name;
  await eachLine(home, testUri(name, EXPOSURES), exposureLine, (line) => evaluation.expose(line));
  await eachLine(home, testUri(name, OUTCOMES), outcomeLine, (line) => evaluation.add(line));
  return evaluation;
}

const locked = <T>(home: Home, name: string, work: () => Promise<T>) =>
  withLock(home.path(testUri(name, '.journal')), `the journal of the A/B test ${name}`, work);

/** A worker that reads a long file goes on saying that it lives. */
async function eachLine<Schema extends z.ZodType>(
  home: Home,
  uri: string,
  schema: Schema,
  take: (line: z.output<Schema>) => void,
): Promise<void> {
  const text = await textOf(home.path(uri));
  let count = 0;
  for (const line of linesOf(text, schema, { uri, what: 'what an A/B test writes' })) {
    take(line);
    if (++count % LINES_AT_ONCE === 0) await setImmediate();
  }
}

const textOf = async (path: string) => (await textIfThere(path)) ?? '';
