import { z } from 'zod';
import type { Manifest } from '../contracts/artifact.ts';
import { CorruptArtifactError, MissingDataError, describeIssues } from '../errors.ts';
import { verifiedPath } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { SafetensorsFile } from '../lake/safetensors.ts';
import { issueTableFrom } from './codec.ts';
import { COLUMN_GROUPS, type IssueTable } from './issue-table.ts';

/** `issues` in a sequences manifest's details. */
export const issueDetails = z.strictObject({
  columns: z
    .array(
      z.strictObject({
        name: z.string(),
        group: z.enum(COLUMN_GROUPS),
        profile: z.literal(true).optional(),
        toBase: z.literal(true).optional(),
      }),
    )
    .min(1),
  horizon: z.number().int().positive(),
  issueHourLocal: z.number().int().min(0).max(23),
  /** Whether the operator's forecast and weather forecasts are inputs. */
  operator: z.boolean(),
  weather: z.boolean(),
  /** Columns that look back further are without a value. */
  contextHours: z.number().int().optional(),
});
export type IssueDetails = z.infer<typeof issueDetails>;

export function issueDetailsOf({ key, details }: Manifest): IssueDetails {
  if (details['issues'] === undefined) {
    throw new MissingDataError(
      `The sequences dataset ${key} has no issue tables: an older Ringwatt cut it.`,
      'Cut the sequences again with `sequences`, or with `run` the whole chain.',
    );
  }
  const parsed = issueDetails.safeParse(details['issues']);
  if (parsed.success) return parsed.data;
  throw new CorruptArtifactError(
    `The sequences dataset ${key} has issue tables that cannot be read (${describeIssues(parsed.error.issues)}).`,
    'Cut the sequences again with this version of Ringwatt.',
  );
}

/** A region's issue table of a sequences dataset, its file checked against its hash. */
export async function readIssueTable(home: Home, sequences: Manifest, region: string): Promise<IssueTable> {
  const { columns, horizon } = issueDetailsOf(sequences);
  const entry = sequences.files.find((file) => file.role === 'region' && file.region === region);
  if (!entry) {
    throw new MissingDataError(
      `The sequences dataset ${sequences.key} has no region ${region}.`,
      `Run \`sequences\` with ${region} among its regions.`,
    );
  }
  const file = await SafetensorsFile.open(await verifiedPath(home, entry));
  try {
    return await issueTableFrom((name) => file.read(name), { region, columns, horizon });
  } finally {
    await file.close();
  }
}
