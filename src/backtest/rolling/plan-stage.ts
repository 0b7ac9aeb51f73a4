import {
  unitAt,
  unitCount,
  type RollingBacktestInput,
  type RollingPlan,
} from '../../contracts/rolling-backtest.ts';
import { regionCode, type RegionCode } from '../../contracts/regions.ts';
import { dateRange, firstHourOf, fromHourStamp, lastHourOf, type DateRange } from '../../contracts/time.ts';
import type { Manifest } from '../../contracts/artifact.ts';
import { issueDetailsOf, readIssueTable } from '../../day-ahead/read.ts';
import { BadInputError, CorruptArtifactError } from '../../errors.ts';
import { findWork, readManifest } from '../../lake/artifacts.ts';
import type { Home } from '../../lake/home.ts';
import type { StageContext } from '../../stages/context.ts';
import { requireUnseen } from '../backtest.ts';
import { detailsOf } from '../dataset.ts';
import { requireForecaster } from './forecaster-source.ts';
import { fitDataAt, planStretches, type Hours } from './stretches.ts';
import { workOfUnit } from './units.ts';

/** Works out which fits a rolling backtest takes, and which of them lie in the home already. */
export async function planRollingBacktest(
  context: StageContext,
  input: RollingBacktestInput,
): Promise<RollingPlan> {
  const plan = await settleRolling(context.home, input);
  const missing: number[] = [];
  const total = unitCount(plan, input);
  for (let unit = 0; unit < total; unit++) {
    context.signal.throwIfAborted();
    if (!(await findWork(context.home, workOfUnit(unitAt(unit, input, plan))))) missing.push(unit);
    context.progress({ stage: 'backtest', done: unit + 1, total, unit: 'fits looked for' });
  }
  return { ...plan, missing };
}

/** What of a plan the sequences decide; refuses a backtest that they cannot carry, before anything is started for it. */
export async function settleRolling(
  home: Home,
  input: RollingBacktestInput,
): Promise<Omit<RollingPlan, 'missing'>> {
  const { forecasters, model = forecasters.at(-1)! } = input;
  for (const name of forecasters) requireForecaster(name);
  const sequences = await readManifest(home, input.sequences, 'sequences');
  const known = regionsOf(sequences);
  const { regions = known } = input;
  requireRegions(regions, known, input.sequences.uri);
  issueDetailsOf(sequences);
  const score = input.score ?? scoreOf(sequences);
  requireUnseen(score, detailsOf(sequences).train);
  const tables = [];
  for (const region of regions) tables.push(await readIssueTable(home, sequences, region));
  const { stretches, issues } = planStretches(tables, hoursOf(score), input.refitDays);
  for (const { from } of stretches) fitDataAt(tables, fromHourStamp(from), input.window);
  return { forecasters, model, regions, score, stretches, issues };
}

function requireRegions(asked: readonly RegionCode[], known: readonly RegionCode[], uri: string): void {
  const strange = asked.filter((region) => !known.includes(region));
  if (strange.length === 0) return;
  throw new BadInputError(
    `The sequences ${uri} hold ${known.join(', ')}, not ${strange.join(', ')}.`,
    'Name regions of these, or cut sequences with `sequences --regions`.',
  );
}

export const hoursOf = ({ from, to }: DateRange): Hours => ({ from: firstHourOf(from), to: lastHourOf(to) });

function regionsOf({ files }: Manifest): RegionCode[] {
  return files.flatMap(({ role, region }) => (role === 'region' ? [regionCode.parse(region)] : []));
}

function scoreOf({ key, details }: Manifest): DateRange {
  const parsed = dateRange.safeParse(details['score']);
  if (parsed.success) return parsed.data;
  throw new CorruptArtifactError(
    `The sequences manifest ${key} does not say which hours it was cut to score.`,
    'Give the period with --score, or cut the sequences again.',
  );
}
