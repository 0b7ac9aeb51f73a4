import type { ScoreTrialInput, TrialScore } from '../contracts/search.ts';
import { MissingDataError } from '../errors.ts';
import { onceByKey, referTo } from '../lake/artifacts.ts';
import type { StageContext } from '../stages/context.ts';
import { validationForecasts } from './validation-forecasts.ts';
import { mapeOfHours, writeTrialHours } from './trial-hours.ts';

/** Raised when the same trial would be scored otherwise. */
const STAGE_VERSION = 2;

/**
 * Scores one trial on the validation hours: MAPE, the mean over regions, so that a large region does not decide alone.
 * Writes a search manifest with its forecasts (role `hours`), which ensembles are made of.
 */
export async function scoreTrial(context: StageContext, input: ScoreTrialInput): Promise<TrialScore> {
  const { home } = context;
  const { model, sequences, forecaster, settings, share, seed, validation, heldOut } = input;
  const deciding = model ? {} : { settings, share, seed };
  const work = {
    kind: 'search' as const,
    stage: 'scoreTrial',
    version: STAGE_VERSION,
    settings: { forecaster, validation, ...(heldOut ? { heldOut } : {}), ...deciding },
    inputs: model ? [model, sequences] : [sequences],
  };
  const { reference, manifest, reused } = await onceByKey(home, work, async (key) => {
    const tables = await validationForecasts(context, input);
    const empty = tables.find(({ actual }) => actual.length === 0);
    if (empty || tables.length === 0) {
      throw new MissingDataError(
        `${empty?.region ?? 'No region'} has no hour to validate on from ${validation.from} to ${validation.to}.`,
        'Validate on a period that the sequences have.',
      );
    }
    const uri = `searches/${key}/hours.parquet`;
    const rows = await writeTrialHours(home.path(uri), tables);
    const byRegion = Object.fromEntries(tables.map((table) => [table.region, mapeOfHours(table)]));
    return {
      files: [{ ...(await referTo(home, uri, rows)), role: 'hours' }],
      rows,
      details: { byRegion, mape: mean(Object.values(byRegion)) },
    };
  });
  const { byRegion, mape } = manifest.details as Pick<TrialScore, 'byRegion' | 'mape'>;
  return { dataset: reference, reused, mape, byRegion };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
