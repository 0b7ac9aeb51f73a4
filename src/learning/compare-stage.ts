import type { ArtifactReference } from '../contracts/artifact.ts';
import { comparison, type CompareInput, type Comparison } from '../contracts/learning.ts';
import { regionCode, type RegionCode } from '../contracts/regions.ts';
import { fromHourStamp, HOUR_SECONDS, toHourStamp } from '../contracts/time.ts';
import { newestDemand } from '../backtest/newest-issue.ts';
import { newestRecord } from '../backtest/newest-record.ts';
import { JUDGED_BY } from '../backtest/forecast-record.ts';
import { BadInputError } from '../errors.ts';
import { onceByKey, readManifest } from '../lake/artifacts.ts';
import { readVersion } from '../registry/versions.ts';
import type { StageContext } from '../stages/context.ts';
import { openRival, type Rival } from './rival.ts';
import { compareRegion, type RegionComparison } from './same-hours.ts';

/** Raised when the same versions and record would compare otherwise. */
const STAGE_VERSION = 1;
/** First values are seen within two days of their time by rule, or count from then. */
const SETTLED_SECONDS = 49 * HOUR_SECONDS;

/**
 * Several versions of a model on the same hours, each issue from what was known when it was made: as they would have
 * forecast, and as nobody need have asked them. A version that has learnt from the hours in question is represented
 * by the fit before its last one; where that has too, the hours begin after what it knows.
 */
export async function compareVersions(context: StageContext, input: CompareInput): Promise<Comparison> {
  const { home, signal } = context;
  const rivals: Rival[] = [];
  for (const version of input.versions) {
    rivals.push(await openRival(home, await readVersion({ home }, { name: input.name, version })));
  }
  const regions = (input.regions ?? rivals[0]!.regions).map((name) => regionCode.parse(name));
  requireKnown(regions, rivals, input);
  const grid = await gridOf(context, regions, input.grid);
  const asOf = input.asOf ?? (await settledMoment(context, grid.manifest, regions));
  const [from, to] = [fromHourStamp(input.from), fromHourStamp(input.to)];
  const work = {
    kind: 'comparison' as const,
    stage: 'compareVersions',
    version: STAGE_VERSION,
    settings: { regions, from: input.from, to: input.to, asOf, judged: JUDGED_BY },
    inputs: [...rivals.map(({ reference }) => reference), grid.reference],
  };
  const { manifest } = await onceByKey(home, work, async () => {
    const found: RegionComparison[] = [];
    for (const region of regions) {
      signal.throwIfAborted();
      context.progress({
        stage: 'compare',
        done: found.length,
        total: regions.length,
        unit: 'regions',
        note: region,
      });
      const asked = { from, to, asOf: fromHourStamp(asOf) };
      found.push(await compareRegion(home, grid.manifest, region, rivals, asked));
    }
    return { files: [], rows: 0, details: { comparison: overRegions(found, input, to) } };
  });
  return comparison.parse(manifest.details['comparison']);
}

function overRegions(found: readonly RegionComparison[], { versions }: CompareInput, to: number): Comparison {
  const mean = (pick: (region: RegionComparison) => number | null) => {
    const values = found.map(pick).filter((value) => value !== null);
    return values.length > 0 && values.length === found.length
      ? values.reduce((sum, value) => sum + value, 0) / values.length
      : null;
  };
  return {
    from: toHourStamp(Math.min(...found.map((region) => region.from))),
    to: toHourStamp(to),
    hours: found.reduce((sum, { hours }) => sum + hours, 0),
    mape: versions.map((version, v) => ({ version, mape: mean(({ mape }) => mape[v]!) })),
    operatorMape: mean(({ operator }) => operator),
    persistenceMape: mean(({ persistence }) => persistence),
  };
}

function requireKnown(
  regions: readonly RegionCode[],
  rivals: readonly Rival[],
  { name }: CompareInput,
): void {
  for (const { version, regions: known } of rivals) {
    const strange = regions.find((region) => !known.includes(region));
    if (strange === undefined) continue;
    throw new BadInputError(
      `${name} version ${version} does not know ${strange}.`,
      `It was trained on ${known.join(', ')}: compare on these.`,
    );
  }
}

const gridOf = async (
  { home }: StageContext,
  regions: readonly RegionCode[],
  grid: ArtifactReference | undefined,
) =>
  grid ? { reference: grid, manifest: await readManifest(home, grid, 'grid') } : newestRecord(home, regions);

async function settledMoment(
  { home }: StageContext,
  grid: Awaited<ReturnType<typeof readManifest>>,
  regions: readonly RegionCode[],
): Promise<string> {
  const ends: number[] = [];
  for (const region of regions) ends.push((await newestDemand(home, grid, region)).validAt);
  return toHourStamp(Math.max(...ends) + SETTLED_SECONDS);
}
