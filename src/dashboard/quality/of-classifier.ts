import { open } from 'node:fs/promises';
import { z } from 'zod';
import { EXPOSURES, OUTCOMES } from '../../ab-test/followed.ts';
import { listTests, testUri } from '../../ab-test/store.ts';
import { abOutcome, variant, type ABTestRecord, type Variant } from '../../contracts/ab-test.ts';
import type { Home } from '../../lake/home.ts';
import { linesOf } from '../../lake/json-lines.ts';
import { unlessGone } from '../../lake/storage-failure.ts';
import {
  classificationScores,
  type ClassificationScores,
} from '../../monitoring/statistics/classification.ts';

/** Read from the end of a journal: some fifty thousand lines. */
const MOST_BYTES = 8 * 2 ** 20;
const POINTS = 24;
const LEAST_IN_POINT = 10;
const TESTS_SHOWN = 3;

export interface ClassifierQuality {
  test: string;
  /** `name@version` */
  version: string;
  variant: Variant;
  outcomes: number;
  scores: ClassificationScores;
  /** In stretches of as many outcomes each, by the time of the last, seconds since 1970. */
  trend: { at: number[] } & Record<keyof ClassificationScores, number[]>;
}

interface Judged {
  at: number;
  predicted: boolean;
  actual: boolean;
}

const exposureLine = z.looseObject({ request: z.string(), unit: z.string(), variant });
const outcomeLine = z.looseObject({ ...abOutcome.shape, at: z.string(), unit: z.string().optional() });

/** Precision, recall and F1 of the variants of a model's newest tests, by the outcomes that say what was so. */
export async function classifierQuality(home: Home, model: string): Promise<ClassifierQuality[]> {
  const own = (await listTests(home)).filter(({ control, treatment }) =>
    [control.name, treatment.name].includes(model),
  );
  const found: ClassifierQuality[] = [];
  for (const record of own) {
    if (new Set(found.map(({ test }) => test)).size === TESTS_SHOWN) break;
    found.push(...(await qualityOfTest(home, record)));
  }
  return found;
}

async function qualityOfTest(home: Home, record: ABTestRecord): Promise<ClassifierQuality[]> {
  const { config, control, treatment } = record;
  const test = config.test_name;
  const judged: Record<Variant, Judged[]> = { control: [], treatment: [] };
  const outcomes = await newestLines(home, testUri(test, OUTCOMES), outcomeLine);
  if (!outcomes.some(({ predicted, actual }) => predicted !== undefined && actual !== undefined)) return [];
  const dealt = new Map<string, Variant>();
  for (const line of await newestLines(home, testUri(test, EXPOSURES), exposureLine)) {
    dealt.set(`request ${line.request}`, line.variant);
    dealt.set(`unit ${line.unit}`, line.variant);
  }
  for (const { request, unit, at, predicted, actual } of outcomes) {
    const to =
      dealt.get(`request ${request}`) ?? (unit === undefined ? undefined : dealt.get(`unit ${unit}`));
    if (to === undefined || predicted === undefined || actual === undefined) continue;
    judged[to].push({ at: Date.parse(at) / 1000, predicted, actual });
  }
  const versions = { control, treatment };
  return (['control', 'treatment'] as const)
    .filter((name) => judged[name].length > 0)
    .map((name) => ({
      ...{ test, variant: name, version: `${versions[name].name}@${versions[name].version}` },
      outcomes: judged[name].length,
      scores: scoresOf(judged[name]),
      trend: trendOf(judged[name].toSorted((a, b) => a.at - b.at)),
    }));
}

/** Of what is to be found: the positive class. */
const scoresOf = (judged: readonly Judged[]): ClassificationScores =>
  classificationScores(
    judged.map(({ predicted }) => predicted),
    judged.map(({ actual }) => actual),
    true,
  );

function trendOf(judged: readonly Judged[]): ClassifierQuality['trend'] {
  const size = Math.max(LEAST_IN_POINT, Math.ceil(judged.length / POINTS));
  const trend: ClassifierQuality['trend'] = { at: [], accuracy: [], precision: [], recall: [], f1: [] };
  for (let from = 0; from + LEAST_IN_POINT <= judged.length; from += size) {
    const part = judged.slice(from, from + size);
    const scores = scoresOf(part);
    trend.at.push(part.at(-1)!.at);
    for (const name of ['accuracy', 'precision', 'recall', 'f1'] as const) trend[name].push(scores[name]);
  }
  return trend;
}

/** Whole lines from the end of a file. */
async function newestLines<Schema extends z.ZodType>(
  home: Home,
  uri: string,
  schema: Schema,
): Promise<z.output<Schema>[]> {
  const path = home.path(uri);
  const handle = await open(path, 'r').catch(unlessGone(path, null));
  if (!handle) return [];
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - MOST_BYTES);
    const bytes = Buffer.alloc(size - from);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
    const text = bytes.toString('utf8', 0, bytesRead);
    const begun = from === 0 ? text : text.slice(text.indexOf('\n') + 1);
    return [...linesOf(begun, schema, { uri, what: 'what an A/B test writes' })];
  } finally {
    await handle.close();
  }
}
