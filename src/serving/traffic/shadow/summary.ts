import { z } from 'zod';
import { modelName } from '../../../contracts/stages.ts';
import type { ShadowCompared, ShadowDrop } from '../observer.ts';
import { DIFFERENCES, SECONDS, emptyHistogram, histogram, mergeHistograms, observe } from './histogram.ts';

const count = z.number().int().nonnegative();

const outputSummary = z.strictObject({
  /** Of another type or shape, or lacking. */
  mismatched: count,
  /** One had a number where the other had none. */
  notFinite: count,
  absolute: histogram,
  relative: histogram,
});
type OutputSummary = z.infer<typeof outputSummary>;

/** `serving/shadow/<model>.json`: what came of one shadow, of all processes that serve. */
export const shadowSummary = z.strictObject({
  formatVersion: z.literal(1),
  name: modelName,
  /** Of the shadow. */
  generation: z.number().int().positive(),
  champion: z.number().int().positive(),
  candidate: z.number().int().positive(),
  /** The first and the last request, ISO 8601. */
  from: z.string(),
  to: z.string(),
  requests: z.strictObject({
    compared: count,
    failed: count,
    /** There were too many at once. */
    full: count,
    /** The engine had no time for them. */
    late: count,
  }),
  seconds: z.strictObject({ champion: histogram, candidate: histogram }),
  /** By `signature/output`. */
  outputs: z.record(z.string(), outputSummary),
  /** By the code of the failure. */
  failures: z.record(z.string(), count),
});
export type ShadowSummary = z.infer<typeof shadowSummary>;

/** More outputs than these are told of together. */
const MOST_OUTPUTS = 100;
const OTHERS = 'others';

export type ShadowNamed = Pick<ShadowSummary, 'name' | 'generation' | 'champion' | 'candidate'>;

export const emptySummary = (named: ShadowNamed, at: string): ShadowSummary => ({
  formatVersion: 1,
  ...named,
  ...{ from: at, to: at },
  requests: { compared: 0, failed: 0, full: 0, late: 0 },
  seconds: { champion: emptyHistogram(SECONDS), candidate: emptyHistogram(SECONDS) },
  ...{ outputs: {}, failures: {} },
});

export function addCompared(
  into: ShadowSummary,
  { signature, differences, mismatched, seconds, championSeconds }: Omit<ShadowCompared, 'model'>,
): void {
  into.requests.compared++;
  observe(into.seconds.champion, championSeconds);
  observe(into.seconds.candidate, seconds);
  for (const output of mismatched) outputOf(into, `${signature}/${output}`).mismatched++;
  for (const { output, absolute, relative } of differences) {
    const found = outputOf(into, `${signature}/${output}`);
    // A champion of nothing but zeros has no share that another differs by.
    if (Number.isFinite(absolute)) observe(found.absolute, absolute);
    else found.notFinite++;
    if (Number.isFinite(relative)) observe(found.relative, relative);
  }
}

export function addFailed(into: ShadowSummary, code: string): void {
  into.requests.failed++;
  into.failures[code] = (into.failures[code] ?? 0) + 1;
}

export function addDropped(into: ShadowSummary, why: ShadowDrop): void {
  into.requests[why]++;
}

/** Of the same shadow; the order makes no difference. */
export function mergeSummaries(a: ShadowSummary, b: ShadowSummary): ShadowSummary {
  const { compared, failed, full, late } = a.requests;
  const merged: ShadowSummary = {
    ...a,
    from: a.from < b.from ? a.from : b.from,
    to: a.to > b.to ? a.to : b.to,
    requests: {
      compared: compared + b.requests.compared,
      failed: failed + b.requests.failed,
      full: full + b.requests.full,
      late: late + b.requests.late,
    },
    seconds: {
      champion: mergeHistograms(a.seconds.champion, b.seconds.champion),
      candidate: mergeHistograms(a.seconds.candidate, b.seconds.candidate),
    },
    outputs: { ...a.outputs },
    failures: { ...a.failures },
  };
  for (const [key, output] of Object.entries(b.outputs)) {
    const kept = keyIn(merged.outputs, key);
    const before = merged.outputs[kept];
    merged.outputs[kept] = before ? mergeOutputs(before, output) : output;
  }
  for (const [code, times] of Object.entries(b.failures)) {
    merged.failures[code] = (merged.failures[code] ?? 0) + times;
  }
  return merged;
}

const mergeOutputs = (a: OutputSummary, b: OutputSummary): OutputSummary => ({
  mismatched: a.mismatched + b.mismatched,
  notFinite: a.notFinite + b.notFinite,
  absolute: mergeHistograms(a.absolute, b.absolute),
  relative: mergeHistograms(a.relative, b.relative),
});

function outputOf({ outputs }: ShadowSummary, key: string): OutputSummary {
  return (outputs[keyIn(outputs, key)] ??= {
    ...{ mismatched: 0, notFinite: 0 },
    ...{ absolute: emptyHistogram(DIFFERENCES), relative: emptyHistogram(DIFFERENCES) },
  });
}

const keyIn = (outputs: ShadowSummary['outputs'], key: string): string =>
  Object.hasOwn(outputs, key) || Object.keys(outputs).length < MOST_OUTPUTS ? key : OTHERS;
