import type { Manifest } from '../contracts/artifact.ts';
import { regionCode, type RegionCode } from '../contracts/regions.ts';
import type { BacktestInput } from '../contracts/stages.ts';
import { HOUR_SECONDS, firstHourOf, lastHourOf, toDate, toHourStamp } from '../contracts/time.ts';
import { issuesOf, type IssueTable } from '../day-ahead/issue-table.ts';
import { issueDetailsOf, readIssueTable } from '../day-ahead/read.ts';
import { MissingDataError } from '../errors.ts';
import { PUBLICATION_DELAY } from '../forecasters/cells.ts';
import { openForecaster } from '../forecasters/open.ts';
import type { FittedEnsemble } from '../forecasters/index.ts';
import { readManifest, referTo, writeContent } from '../lake/artifacts.ts';
import { canonicalJson } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import type { StageContext } from '../stages/context.ts';
import { requireUnseen, type BacktestFiles } from './backtest.ts';
import { detailsOf, openRegion } from './dataset.ts';
import { MASE_SEASON_HOURS, seasonalNaiveScale } from './metrics.ts';
import { DEMAND_DELAY_HOURS } from './protocol.ts';
import type { RollingDocument, RollingRegionScores } from './rolling/document.ts';
import { writeRollingHours, type ScoredHours } from './rolling/hours-file.ts';
import { predictionsOf } from './rolling/predictions-file.ts';
import { BASELINES, chooseHours, sideBySide, type RegionHours } from './rolling/region-hours.ts';
import { scoreRollingRegion } from './rolling/score.ts';
import { issuesWithin, type Hours } from './rolling/stretches.ts';

const MODEL = 'ensemble';

/**
 * Scores a fitted forecaster as it is, without refits, over a period that it has not seen: beside it its members one
 * by one, the operator and the persistences, on the same hours. Its intervals go on learning from the errors that
 * were known at each issue, as they do when it forecasts.
 */
export async function backtestForecaster(
  context: StageContext,
  { model, score, ...input }: BacktestInput,
  key: string,
): Promise<BacktestFiles> {
  const { home, signal } = context;
  const sequences = await readManifest(home, input.sequences, 'sequences');
  const { train } = detailsOf(sequences);
  await using opened = await openForecaster(home, model, input.sequences);
  const { fitted } = opened;
  // It may have learnt beyond the period that its sequences' network was trained on.
  const learntTo = toDate(fitted.details.knownBy - PUBLICATION_DELAY - HOUR_SECONDS);
  const learnt = { from: train.from, to: learntTo };
  requireUnseen(score, learnt);
  const { issueHourLocal } = issueDetailsOf(sequences);
  const asked = { from: firstHourOf(score.from), to: lastHourOf(score.to) };
  const count = (asked.to - asked.from) / HOUR_SECONDS + 1;
  const scored: ScoredHours[] = [];
  const regions: RollingRegionScores[] = [];
  const cut = sequences.files.map(({ region }) => region);
  const known = fitted.details.regions.filter((region) => cut.includes(region));
  let issues = 0;
  for (const region of known.map((name) => regionCode.parse(name))) {
    signal.throwIfAborted();
    const done = regions.length;
    context.progress({ stage: 'backtest', done, total: known.length, unit: 'regions', note: region });
    const whole = await readIssueTable(home, sequences, region);
    const table = issuesOf(whole, issuesWithin(whole, asked));
    issues += table.issuedAt.length;
    const hours = await answersOf(fitted, region, table, asked);
    const { all } = chooseHours(hours, count);
    if (all.length === 0) throw nothingToScore(region, score, whole);
    scored.push({ hours, rows: all });
    regions.push(
      scoreRollingRegion(hours, {
        model: MODEL,
        seeds: [1],
        asked: count,
        maseScaleMw: await maseScaleOf(home, sequences, region),
        issueHourLocal,
        longestLead: hours.validAt.reduce(
          (longest, valid, i) => Math.max(longest, (valid - hours.issuedAt[i]!) / HOUR_SECONDS),
          1,
        ),
      }),
    );
  }
  const document: RollingDocument = {
    protocol: {
      issueHourLocal,
      demandDelayHours: DEMAND_DELAY_HOURS,
      score,
      train: learnt,
      maseSeasonHours: MASE_SEASON_HOURS,
      contextHours: null,
      rolling: {
        model: MODEL,
        forecasters: [MODEL, ...fitted.details.members],
        window: 'expanding',
        refitDays: 0,
        seeds: [1],
        longestLead: 48 - issueHourLocal,
        stretches: [
          {
            from: toHourStamp(Math.min(...scored.map(({ hours }) => hours.issuedAt[0]!))),
            to: toHourStamp(Math.max(...scored.map(({ hours }) => hours.issuedAt.at(-1)!)) + HOUR_SECONDS),
            fitIssues: Math.floor(issues / Math.max(1, regions.length)),
          },
        ],
      },
    },
    regions,
  };
  const uri = `backtests/${key}/hours.parquet`;
  const rows = await writeRollingHours(home.path(uri), scored, MODEL);
  return {
    scores: await writeContent(home, `backtests/${key}`, 'json', `${canonicalJson(document)}\n`),
    hours: await referTo(home, uri, rows),
    document,
  };
}

/** The ensemble's quantiles and each member's medians; a member that is a baseline stands there already. */
async function answersOf(
  fitted: FittedEnsemble,
  region: RegionCode,
  table: IssueTable,
  asked: Hours,
): Promise<RegionHours> {
  const whole = await fitted.predict(table);
  const forecasts = [
    {
      forecaster: MODEL,
      levels: fitted.levels as readonly number[],
      predictions: predictionsOf(table, whole, fitted.levels.length, asked),
    },
  ];
  const others = fitted.members.filter(({ name }) => !(BASELINES as readonly string[]).includes(name));
  for (const member of others) {
    const answers = await member.predict(table);
    const levels = member.levels.length;
    const predictions = predictionsOf(table, answers, levels, asked);
    forecasts.push({ forecaster: member.name, levels: member.levels, predictions });
  }
  return sideBySide(region, forecasts);
}

/** MASE's scale comes from the training hours alone; a dataset cut by a normaliser of before holds none of them, or a few. */
async function maseScaleOf(home: Home, sequences: Manifest, region: RegionCode): Promise<number | null> {
  if (sequences.details['normaliser'] !== undefined) return null;
  const { train } = detailsOf(sequences);
  const { series, file } = await openRegion(home, sequences, region);
  await file.close();
  const row = (hour: number) => (hour - series.firstHour) / HOUR_SECONDS;
  return seasonalNaiveScale(series.final, row(firstHourOf(train.from)), row(lastHourOf(train.to)) + 1);
}

function nothingToScore(region: string, { from, to }: BacktestInput['score'], { validAt }: IssueTable) {
  const holds =
    validAt.length > 0 ? `${toHourStamp(validAt[0]!)} to ${toHourStamp(validAt.at(-1)!)}` : 'no hours';
  return new MissingDataError(
    `${region} has no hour to score from ${from} to ${to}: the dataset holds ${holds}.`,
    'Score a period the dataset holds, or ingest and prepare that period first.',
  );
}
