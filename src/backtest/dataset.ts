import { z } from 'zod';
import type { Manifest } from '../contracts/artifact.ts';
import type { RegionCode } from '../contracts/regions.ts';
import { HOUR_SECONDS, dateRange } from '../contracts/time.ts';
import { CorruptArtifactError, MissingDataError, describeIssues } from '../errors.ts';
import { verifiedPath } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { SafetensorsFile } from '../lake/safetensors.ts';
import type { DemandSeries } from './hours.ts';

/** What of a sequences manifest's details the backtest goes by. */
const sequencesDetails = z.looseObject({
  channels: z.array(z.string()).min(1),
  sequenceLength: z.number().int().positive(),
  horizon: z.number().int().positive(),
  train: dateRange,
});
export type SequencesDetails = z.infer<typeof sequencesDetails>;

export function detailsOf(manifest: Manifest): SequencesDetails {
  const parsed = sequencesDetails.safeParse(manifest.details);
  if (parsed.success) return parsed.data;
  throw new CorruptArtifactError(
    `The sequences manifest ${manifest.key} lacks what a backtest needs (${describeIssues(parsed.error.issues)}).`,
    'Run `sequences` again.',
  );
}

/** One region's file, checked against its hash and open for reading windows of inputs. Close it after use. */
export interface RegionDataset {
  series: DemandSeries;
  file: SafetensorsFile;
}

export async function openRegion(home: Home, manifest: Manifest, region: RegionCode): Promise<RegionDataset> {
  const reference = manifest.files.find((file) => file.role === 'region' && file.region === region);
  if (!reference) {
    throw new MissingDataError(
      `The sequences dataset ${manifest.key} has no region ${region}.`,
      `Run \`sequences\` with ${region} among its regions.`,
    );
  }
  const { uri, sha256, bytes } = reference;
  const file = await SafetensorsFile.open(await verifiedPath(home, { uri, sha256, bytes }));
  try {
    const hours = (await file.read('valid_at')).data as BigInt64Array;
    const column = async (name: string) => (await file.read(name)).data as Float32Array;
    const series = {
      region,
      firstHour: firstOfContiguous(hours, file.path),
      known: await column('demand_known'),
      final: await column('demand_final'),
      operator: await column('forecast'),
    };
    return { series, file };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function firstOfContiguous(hours: BigInt64Array, path: string): number {
  const first = Number(hours[0] ?? Number.NaN);
  const gap = hours.findIndex((hour, i) => Number(hour) !== first + i * HOUR_SECONDS);
  if (hours.length > 0 && gap === -1) return first;
  throw new CorruptArtifactError(
    `The hours of ${path} ${hours.length === 0 ? 'are none' : `do not follow on one another at row ${gap}`}.`,
    'Delete the file and run `sequences` again.',
  );
}
