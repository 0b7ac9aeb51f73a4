import { z } from 'zod';
import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import { seriesColumns } from '../contracts/series.ts';
import { CorruptArtifactError, describeIssues } from '../errors.ts';
import { readManifest, verifiedPath } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { readColumns, writeColumns, type ColumnInput } from '../lake/parquet.ts';
import type { CleanSeries } from './clean.ts';

/** What a series manifest says of itself. */
export const seriesDetails = z.object({
  fileSha256: z.string(),
  columns: seriesColumns,
  start: z.number(),
  step: z.number().positive(),
  rows: z.number().int().positive(),
  repairs: z.array(z.string()),
});
export type SeriesDetails = z.infer<typeof seriesDetails>;

/** Columns carry numbers, not names: any name is allowed in a CSV file. Rows after the last target hold covariates alone. */
const targetColumn = (place: number) => `target_${place}`;
const covariateColumn = (place: number) => `covariate_${place}`;

export async function writeSeries(path: string, series: CleanSeries): Promise<number> {
  const { start, step, rows, targets, covariates } = series;
  const length = Math.max(rows, ...[...covariates.values()].map((values) => values.length));
  const stretched = (values: Float64Array): ColumnInput => {
    const all = new Float64Array(length).fill(Number.NaN);
    all.set(values);
    return { type: 'f64', values: all };
  };
  return writeColumns(path, {
    time: { type: 'timestamp', values: Float64Array.from({ length }, (_, row) => start + row * step) },
    ...Object.fromEntries([...targets.values()].map((values, i) => [targetColumn(i), stretched(values)])),
    ...Object.fromEntries(
      [...covariates.values()].map((values, i) => [covariateColumn(i), stretched(values)]),
    ),
  });
}

export async function readSeries(
  home: Home,
  reference: ArtifactReference,
): Promise<{ series: CleanSeries; details: SeriesDetails }> {
  const manifest = await readManifest(home, reference, 'series');
  const details = detailsOf(manifest);
  const { start, step, rows, repairs } = details;
  const columns = await readColumns(await verifiedPath(home, manifest.files[0]!));
  const values = (name: string, to?: number) => {
    const all = columns.f64(name).subarray(0, to);
    return all.subarray(0, all.findLastIndex((value) => !Number.isNaN(value)) + 1);
  };
  const { targets, covariates } = details.columns;
  const series = {
    start,
    step,
    rows,
    repairs,
    targets: new Map(targets.map((name, i) => [name, values(targetColumn(i), rows)])),
    covariates: new Map(covariates.map((name, i) => [name, values(covariateColumn(i))])),
  };
  return { series, details };
}

function detailsOf({ key, details }: Manifest): SeriesDetails {
  const parsed = seriesDetails.safeParse(details);
  if (parsed.success) return parsed.data;
  throw new CorruptArtifactError(
    `The series manifest ${key} does not describe a series (${describeIssues(parsed.error.issues)}).`,
    'Read the CSV file again.',
  );
}
