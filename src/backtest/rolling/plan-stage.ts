import {
  unitAt,
  unitCount,
  type RollingBacktestInput,
  type RollingPlan,
} from '../../contracts/rolling-backtest.ts';
import { regionCode, type RegionCode } from '../../contracts/regions.ts';
import { dateRange, firstHourOf, lastHourOf, type DateRange } from '../../contracts/time.ts';
import type { Manifest } from '../../contracts/artifact.ts';
import { readIssueTable } from '../../day-ahead/read.ts';
import { CorruptArtifactError } from '../../errors.ts';
import { findWork, readManifest } from '../../lake/artifacts.ts';
import type { StageContext } from '../../stages/context.ts';
import { requireUnseen } from '../backtest.ts';
import { detailsOf } from '../dataset.ts';
import { requireForecaster } from './forecaster-source.ts';
import { planStretches, type Hours } from './stretches.ts';
import { workOfUnit } from './units.ts';

/** Works out which fits a rolling backtest takes, and which of them lie in the home already. */
export async function planRollingBacktest(
  context: StageContext,
  input: RollingBacktestInput,
): Promise<RollingPlan> {
  const { home } = context;
  const sequences = await readManifest(home, input.sequences, 'sequences');
  for (const name of input.forecasters) requireForecaster(name);
  const regions = input.regions ?? regionsOf(sequences);
  const score = input.score ?? scoreOf(sequences);
  requireUnseen(score, detailsOf(sequences).train);
  const tables = [];
  for (const region of regions) tables.push(await readIssueTable(home, sequences, region));
  const { stretches, issues } = planStretches(tables, hoursOf(score), input.refitDays);
  const { forecasters } = input;
  const model = input.model ?? forecasters.at(-1)!;
  const plan = { forecasters, model, regions, score, stretches, issues };
  const missing: number[] = [];
  const total = unitCount(plan, input);
  for (let unit = 0; unit < total; unit++) {
    context.signal.throwIfAborted();
    if (!(await findWork(home, workOfUnit(unitAt(unit, input, plan))))) missing.push(unit);
    context.progress({ stage: 'backtest', done: unit + 1, total, unit: 'fits looked for' });
  }
  return { ...plan, missing };
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
