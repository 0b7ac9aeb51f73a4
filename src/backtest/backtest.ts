import type { ArtifactReference } from '../contracts/artifact.ts';
import { REGIONS, regionCode, type RegionCode } from '../contracts/regions.ts';
import type { BacktestInput } from '../contracts/stages.ts';
import { HOUR_SECONDS, firstHourOf, lastHourOf, toHourStamp } from '../contracts/time.ts';
import { BadInputError, MissingDataError } from '../errors.ts';
import { readManifest, referTo, writeContent } from '../lake/artifacts.ts';
import { canonicalJson } from '../lake/canonical.ts';
import type { StageContext } from '../stages/context.ts';
import { detailsOf, openRegion, type SequencesDetails } from './dataset.ts';
import { hourTable, targetHours, type DemandSeries, type HourTable } from './hours.ts';
import { writeHours } from './hours-file.ts';
import { MASE_SEASON_HOURS, seasonalNaiveScale } from './metrics.ts';
import { predictTargets, type SequencePredictor } from './predictions.ts';
import { DEMAND_DELAY_HOURS, requireReachable, type DayAheadProtocol } from './protocol.ts';
import { scoreRegion, type RegionScores, type ScoresDocument } from './scores.ts';

export interface BacktestFiles {
  scores: ArtifactReference;
  hours: ArtifactReference;
  document: ScoresDocument;
}

/**
 * Scores a model over a period by the day-ahead protocol and writes the two files of a backtest under
 * `backtests/<key>/`. Refuses a period that overlaps the one the model was trained on.
 */
export async function runBacktest(
  context: StageContext,
  input: BacktestInput,
  model: SequencePredictor & { regions: readonly string[] },
  key: string,
): Promise<BacktestFiles> {
  const sequences = await readManifest(context.home, input.sequences, 'sequences');
  const details = detailsOf(sequences);
  requireUnseen(input.score, details.train);
  const tables: HourTable[] = [];
  const regions: RegionScores[] = [];
  for (const [index, region] of model.regions.map((code) => regionCode.parse(code)).entries()) {
    const protocol = protocolOf(region, input.issueHourLocal);
    requireReachable(protocol, model.horizon);
    const { series, file } = await openRegion(context.home, sequences, region);
    try {
      const { targets, counts } = targetHours(
        series,
        protocol,
        firstHourOf(input.score.from),
        lastHourOf(input.score.to),
      );
      const onWindow = (done: number, total: number) => {
        context.signal.throwIfAborted();
        context.progress({
          stage: 'backtest',
          done: index + done / Math.max(total, 1),
          total: model.regions.length,
          unit: 'regions',
          note: region,
        });
      };
      const rows = series.known.length;
      const run = { model, file, region, rows, windowLength: details.sequenceLength, onWindow };
      const table = hourTable(region, targets, await predictTargets(run, targets, series.known), counts);
      requireHours(table, series, input);
      tables.push(table);
      regions.push(scoreRegion(table, counts, scaleOf(series, details)));
    } finally {
      await file.close();
    }
  }
  const document: ScoresDocument = {
    protocol: {
      issueHourLocal: input.issueHourLocal,
      demandDelayHours: DEMAND_DELAY_HOURS,
      score: input.score,
      train: details.train,
      maseSeasonHours: MASE_SEASON_HOURS,
      contextHours: Math.ceil((2 * details.sequenceLength) / 3),
    },
    regions,
  };
  const uri = `backtests/${key}/hours.parquet`;
  const rows = await writeHours(context.home.path(uri), tables);
  return {
    scores: await writeContent(context.home, `backtests/${key}`, 'json', `${canonicalJson(document)}\n`),
    hours: await referTo(context.home, uri, rows),
    document,
  };
}

function protocolOf(region: RegionCode, issueHourLocal: number): DayAheadProtocol {
  const { standardOffsetHours } = REGIONS[region];
  return { standardOffsetHours, issueHourLocal, demandDelayHours: DEMAND_DELAY_HOURS };
}

/** Refuses hours that the model was trained on. */
export function requireUnseen(score: BacktestInput['score'], train: SequencesDetails['train']): void {
  const starts = firstHourOf(score.from);
  const ends = lastHourOf(score.to);
  if (starts > ends) {
    throw new BadInputError(`The score period ${score.from} to ${score.to} is empty.`, 'Swap its ends.');
  }
  if (starts <= lastHourOf(train.to) && ends >= firstHourOf(train.from)) {
    throw new BadInputError(
      `The score period ${score.from} to ${score.to} overlaps the training period ${train.from} to ${train.to}.`,
      'Score hours that the model has not seen.',
    );
  }
}

function requireHours(table: HourTable, series: DemandSeries, { score }: BacktestInput): void {
  if (table.validAt.length > 0) return;
  const last = toHourStamp(series.firstHour + (series.known.length - 1) * HOUR_SECONDS);
  throw new MissingDataError(
    `${table.region} has no hour to score from ${score.from} to ${score.to}: the dataset holds ${toHourStamp(series.firstHour)} to ${last}.`,
    'Score a period the dataset holds, or ingest and prepare that period first.',
  );
}

/**
 * MASE's scale comes from the training hours alone: the scored ones must not set their own yardstick. A dataset cut
 * by a normaliser of before holds none of them, or a few.
 */
function scaleOf(series: DemandSeries, { train, ...details }: SequencesDetails): number | null {
  if (details['normaliser'] !== undefined) return null;
  const row = (hour: number) => (hour - series.firstHour) / HOUR_SECONDS;
  return seasonalNaiveScale(series.final, row(firstHourOf(train.from)), row(lastHourOf(train.to)) + 1);
}
