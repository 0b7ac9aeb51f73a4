import type { CompressionRecord, CompressionSettings } from '../contracts/compression.ts';
import type { RegionScore } from '../contracts/stages.ts';
import { toDate } from '../contracts/time.ts';
import { backtest } from '../backtest/stage.ts';
import { BadInputError } from '../errors.ts';
import { registerModel } from '../registry/stage.ts';
import type { StageContext } from '../stages/context.ts';
import { writeSmaller } from './artifacts.ts';
import type { Candidate } from './candidate.ts';
import { errorsOf } from './errors-of.ts';
import { compared, requireGood, type Comparison } from './gate.ts';
import { asItIs, makeSmaller } from './make.ts';
import { readParent, type Parent } from './parent.ts';
import { sizesOf, type Sizes } from './sizes.ts';
import { speedOf, type Speed } from './speed.ts';
import { judgedIssues, validationOf } from './validation.ts';

export interface CompressOptions {
  name: string;
  /** Default: the champion. */
  version?: number | undefined;
  settings: CompressionSettings;
  /** Share by which errors on the validation issues may grow. */
  mostLoss: number;
}

export interface Compressed {
  name: string;
  version: number;
  /** There was a version of this very network already. */
  reused: boolean;
  compression: CompressionRecord;
  validation: { from: string; to: string };
  comparisons: Comparison[];
  before: Sizes;
  after: Sizes;
  speed: Speed;
  /** By region, on the hours that the parent's are of. */
  scores: { before: RegionScore[]; after: RegionScore[] };
}

/**
 * Makes a smaller network of a registered version's, and of it a new version: judged first, on issues that the published
 * scores are not of; then written, scored on the hours that those are of, and registered. What is refused leaves
 * nothing behind, and nothing is promoted.
 */
export async function compress(context: StageContext, options: CompressOptions): Promise<Compressed> {
  const { home } = context;
  const { settings, mostLoss } = options;
  const parent = await readParent(home, options.name, options.version);
  const { name, version, metrics } = parent.version.record;
  if (settings.method === 'quantise' && parent.isInt8) {
    throw new BadInputError(
      `${name} version ${version} is int8 already.`,
      'Name a version that is not, or make it smaller by `prune` or `distil`.',
    );
  }
  const before = asItIs(parent);
  const after = await makeSmaller(context, parent, settings);
  const comparisons = await judge(context, parent, before, after);
  requireGood(comparisons, mostLoss, settings);
  const compression = { parent: { name, version, sha256: parent.version.sha256 }, settings };
  const written = await writeSmaller(home, parent, after, compression, comparisons);
  const scored = await backtest(context, { ...parent.scored, model: written.scored });
  const registered = await registerModel(context, { name, model: written.model, backtest: scored.dataset });
  const { from, to } = validationOf(parent);
  return {
    ...{ name, version: registered.version, reused: registered.reused, compression },
    validation: { from: toDate(from), to: toDate(to) },
    comparisons,
    before: await sizesOf(home, before, { name, version }),
    after: await sizesOf(home, after, registered),
    speed: await speedOf(parent, before, after),
    scores: { before: metrics, after: scored.scores },
  };
}

async function judge(
  { home, signal, progress }: StageContext,
  parent: Parent,
  before: Candidate,
  after: Candidate,
): Promise<Comparison[]> {
  const { regions } = parent.config;
  const comparisons: Comparison[] = [];
  for (const [done, region] of regions.entries()) {
    signal.throwIfAborted();
    progress({ stage: 'judge', done, total: regions.length, unit: 'regions', note: region });
    const judged = await judgedIssues(home, parent, region);
    const sides = [
      await errorsOf(home, parent, before, judged),
      await errorsOf(home, parent, after, judged),
    ] as const;
    comparisons.push(...compared(region, ...sides));
  }
  return comparisons;
}
