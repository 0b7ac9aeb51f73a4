import type { SeriesInput } from '../contracts/series.ts';
import type { StageResult } from '../contracts/stages.ts';
import { onceByKey, referTo, verifiedPath } from '../lake/artifacts.ts';
import type { StageContext } from '../stages/context.ts';
import { cleanSeries, spellExtent } from './clean.ts';
import { readCsv } from './csv-table.ts';
import { writeSeries, type SeriesDetails } from './series-file.ts';
import { spellFrequency } from './times.ts';

/** Raised when the same file would give another series. */
const STAGE_VERSION = 1;

/** From a person's CSV file, copied into the home, to a regular series and an account of what was repaired. */
export async function readCsvSeries(context: StageContext, input: SeriesInput): Promise<StageResult> {
  const { home } = context;
  const { csv, ...columns } = input;
  const work = {
    kind: 'series' as const,
    stage: 'readCsvSeries',
    version: STAGE_VERSION,
    settings: columns,
    inputs: [csv],
  };
  const { reference, manifest, reused } = await onceByKey(home, work, async (key) => {
    context.progress({ stage: 'read', done: 0, total: csv.bytes, unit: 'bytes' });
    const path = await verifiedPath(home, csv);
    const names = [columns.time, ...columns.targets, ...columns.covariates];
    const series = cleanSeries(await readCsv(path, names), columns);
    context.signal.throwIfAborted();
    const uri = `series/${key}.parquet`;
    const length = await writeSeries(home.path(uri), series);
    const { start, step, rows, repairs } = series;
    const details: SeriesDetails = { fileSha256: csv.sha256, columns, start, step, rows, repairs };
    return {
      files: [{ ...(await referTo(home, uri, length)), role: 'series' }],
      rows,
      details: JSON.parse(JSON.stringify(details)),
    };
  });
  const { start, step, rows, repairs } = manifest.details as unknown as SeriesDetails;
  const facts = {
    rows,
    frequency: spellFrequency(step),
    targets: columns.targets.length,
    covariates: columns.covariates.length,
    extent: spellExtent({ start, step, rows }),
    repairs: repairs.length === 0 ? 'none' : repairs.join('; '),
  };
  return { dataset: reference, reused, facts };
}
