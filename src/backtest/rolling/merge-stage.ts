import {
  unitAt,
  unitCount,
  type MergeInput,
  type MergeResult,
  type RollingScore,
} from '../../contracts/rolling-backtest.ts';
import type { ArtifactReference, Manifest } from '../../contracts/artifact.ts';
import type { RegionCode } from '../../contracts/regions.ts';
import { HOUR_SECONDS, firstHourOf, lastHourOf } from '../../contracts/time.ts';
import { issueDetailsOf } from '../../day-ahead/read.ts';
import { MissingDataError } from '../../errors.ts';
import {
  findWork,
  onceByKey,
  readArtifact,
  readManifest,
  referTo,
  verifiedPath,
  writeContent,
} from '../../lake/artifacts.ts';
import { canonicalJson } from '../../lake/canonical.ts';
import type { Home } from '../../lake/home.ts';
import type { StageContext } from '../../stages/context.ts';
import { detailsOf, openRegion } from '../dataset.ts';
import { MASE_SEASON_HOURS, seasonalNaiveScale } from '../metrics.ts';
import { DEMAND_DELAY_HOURS } from '../protocol.ts';
import type { RollingDocument, RollingRegionScores } from './document.ts';
import { writeRollingHours, type ScoredHours } from './hours-file.ts';
import { hoursOf } from './plan-stage.ts';
import { joinPredictions, readPredictions, type RegionPredictions } from './predictions-file.ts';
import { chooseHours, sideBySide } from './region-hours.ts';
import { scoreRollingRegion } from './score.ts';
import { predictionsDetailsOf, workOfUnit } from './units.ts';

/** Raised when the same predictions would be scored or told differently. */
const VERSION = 1;

/** A fit's predictions as they lie in the home. */
interface DoneUnit {
  forecaster: string;
  seed: number;
  stretch: number;
  reference: ArtifactReference;
  manifest: Manifest;
}

/**
 * Scores a rolling backtest whose fits are all there, and writes its manifest: file of role `scores` (JSON,
 * `RollingDocument`), file of role `hours` (Parquet, one row a region and scored hour).
 */
export async function mergeRollingBacktest(
  context: StageContext,
  { input, plan }: MergeInput,
): Promise<MergeResult> {
  const { home } = context;
  const units = await doneUnits(context, { input, plan });
  const work = {
    kind: 'backtest' as const,
    stage: 'rollingBacktest',
    version: VERSION,
    settings: {
      ...{ forecasters: plan.forecasters, model: plan.model, regions: plan.regions, score: plan.score },
      ...{ window: input.window, refitDays: input.refitDays, seeds: input.seeds },
    },
    inputs: [input.sequences, ...units.map(({ reference }) => reference)],
  };
  const { reference, manifest, reused } = await onceByKey(home, work, async (key) => {
    const sequences = await readManifest(home, input.sequences, 'sequences');
    const series = await readSeries(home, units);
    const scored: ScoredHours[] = [];
    const regions: RollingRegionScores[] = [];
    const { issueHourLocal } = issueDetailsOf(sequences);
    const asked = hoursOf(plan.score);
    const longestLead = longestLeadOf(series.flatMap(({ parts }) => [...parts.values()]));
    for (const region of plan.regions) {
      context.signal.throwIfAborted();
      context.progress({
        ...{ stage: 'backtest', done: regions.length, total: plan.regions.length, unit: 'regions' },
        note: `scoring ${region}`,
      });
      const hours = sideBySide(
        region,
        series.map(({ parts, ...each }) => ({
          ...each,
          predictions: joinPredictions(parts.get(region) ?? []),
        })),
      );
      const count = (asked.to - asked.from) / HOUR_SECONDS + 1;
      const { all } = chooseHours(hours, count);
      requireHours(region, all.length, { input, plan });
      scored.push({ hours, rows: all });
      regions.push(
        scoreRollingRegion(hours, {
          model: plan.model,
          seeds: input.seeds,
          asked: count,
          maseScaleMw: await maseScaleOf(home, sequences, region),
          issueHourLocal,
          longestLead,
        }),
      );
    }
    const document: RollingDocument = {
      protocol: {
        issueHourLocal,
        demandDelayHours: DEMAND_DELAY_HOURS,
        score: plan.score,
        train: detailsOf(sequences).train,
        maseSeasonHours: MASE_SEASON_HOURS,
        contextHours: null,
        rolling: {
          ...{ model: plan.model, forecasters: plan.forecasters, longestLead },
          ...{ window: input.window, refitDays: input.refitDays, seeds: input.seeds },
          stretches: plan.stretches.map((stretch, index) => ({
            ...stretch,
            fitIssues: fitIssues(units, index),
          })),
        },
      },
      regions,
    };
    const uri = `backtests/${key}/hours.parquet`;
    const rows = await writeRollingHours(home.path(uri), scored, plan.model);
    const scores = await writeContent(home, `backtests/${key}`, 'json', `${canonicalJson(document)}\n`);
    return {
      files: [
        { ...scores, role: 'scores' },
        { ...(await referTo(home, uri, rows)), role: 'hours' },
      ],
      rows,
      details: {
        protocol: JSON.parse(canonicalJson(document.protocol)) as Manifest['details'][string],
        counts: Object.fromEntries(regions.map(({ region, counts }) => [region, { ...counts }])),
      },
    };
  });
  const file = manifest.files.find(({ role }) => role === 'scores')!;
  const document = JSON.parse((await readArtifact(home, file)).toString('utf8')) as RollingDocument;
  return { dataset: reference, reused, model: plan.model, scores: document.regions.map(lineOf) };
}

async function doneUnits({ home, signal }: StageContext, { input, plan }: MergeInput): Promise<DoneUnit[]> {
  const units: DoneUnit[] = [];
  for (let index = 0; index < unitCount(plan, input); index++) {
    signal.throwIfAborted();
    const unit = unitAt(index, input, plan);
    const found = await findWork(home, workOfUnit(unit));
    if (!found) {
      throw new MissingDataError(
        `The predictions of ${unit.forecaster} (seed ${unit.seed}) from ${unit.stretch.from} on are gone.`,
        'Run the backtest again: it makes what is missing.',
      );
    }
    const stretch = plan.stretches.indexOf(unit.stretch);
    units.push({ forecaster: unit.forecaster, seed: unit.seed, stretch, ...found });
  }
  return units;
}

interface Series {
  forecaster: string;
  levels: readonly number[];
  parts: Map<string, RegionPredictions[]>;
}

/** By forecaster and seed, in the order in which they are told. */
async function readSeries(home: Home, units: readonly DoneUnit[]): Promise<Series[]> {
  const series = new Map<string, Series>();
  for (const { forecaster, seed, manifest } of units) {
    const { levels } = predictionsDetailsOf(manifest);
    const name = `${forecaster}/${seed}`;
    const known = series.get(name) ?? { forecaster, levels, parts: new Map<string, RegionPredictions[]>() };
    series.set(name, known);
    const read = await readPredictions(await verifiedPath(home, manifest.files[0]!), levels);
    for (const [region, predictions] of read) {
      known.parts.set(region, [...(known.parts.get(region) ?? []), predictions]);
    }
  }
  return [...series.values()];
}

function longestLeadOf(parts: readonly RegionPredictions[][]): number {
  let longest = 1;
  for (const { validAt, issuedAt } of parts.flat()) {
    validAt.forEach((valid, i) => (longest = Math.max(longest, (valid - issuedAt[i]!) / HOUR_SECONDS)));
  }
  return longest;
}

/** MASE's scale comes from the training hours alone: the scored ones must not set their own yardstick. */
async function maseScaleOf(home: Home, sequences: Manifest, region: RegionCode): Promise<number | null> {
  const { train } = detailsOf(sequences);
  const { series, file } = await openRegion(home, sequences, region);
  await file.close();
  const row = (hour: number) => (hour - series.firstHour) / HOUR_SECONDS;
  return seasonalNaiveScale(series.final, row(firstHourOf(train.from)), row(lastHourOf(train.to)) + 1);
}

const fitIssues = (units: readonly DoneUnit[], stretch: number) =>
  Math.min(
    ...units
      .filter((unit) => unit.stretch === stretch)
      .flatMap(({ manifest }) => Object.values(predictionsDetailsOf(manifest).fitIssues)),
  );

function requireHours(region: RegionCode, hours: number, { plan }: MergeInput): void {
  if (hours > 0) return;
  throw new MissingDataError(
    `${region} has no hour from ${plan.score.from} to ${plan.score.to} for which demand, every persistence and ${plan.forecasters.join(', ')} have a value.`,
    'Score a period for which the record is there, or leave the region or a forecaster out.',
  );
}

function lineOf({ region, same, overall, tests, spread }: RollingRegionScores): RollingScore {
  return {
    region,
    hours: same.hours,
    mape: same.mape,
    crps: same.crps,
    coverage: Object.fromEntries(same.intervals.map(({ nominal, coverage }) => [String(nominal), coverage])),
    pValue: Object.fromEntries(tests.map(({ against, hourly }) => [against, hourly.pValue])),
    seedSpread: spread['model']?.deviation ?? null,
    beatsBaselines: overall.beatsBaselines,
  };
}
