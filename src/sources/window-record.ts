import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { artifactReference } from '../contracts/artifact.ts';
import {
  ingestionWindow,
  seriesAccount,
  windowResult,
  type IngestionWindow,
} from '../contracts/ingestion.ts';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import { canonicalJson } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';

/** What the lake has of one window: proof that it is done, and what the run's account needs. */
const windowRecord = z.strictObject({
  formatVersion: z.literal(1),
  window: ingestionWindow,
  /** `settled`, or the day or hour at which its replies were fetched. */
  fetched: z.string(),
  result: windowResult,
  /** The grid file with the window's hours; null when the source had nothing. */
  file: artifactReference.nullable(),
  /** The rows that were refused, with the reasons; null when none were. */
  quarantine: artifactReference.nullable(),
  account: z.array(seriesAccount.omit({ missing: true })),
});
export type WindowRecord = z.infer<typeof windowRecord>;

/** What the lake knows of a region, route and year: the newest grid file with all its revisions. */
const historyRecord = z.strictObject({ formatVersion: z.literal(1), file: artifactReference });

export async function readWindowRecord(
  home: Home,
  folder: string,
  window: IngestionWindow,
): Promise<WindowRecord | undefined> {
  return readRecord(home.path(windowUri(folder, window)), windowRecord);
}

export async function writeWindowRecord(home: Home, folder: string, record: WindowRecord): Promise<void> {
  await writeFileAtomic(home.path(windowUri(folder, record.window)), `${canonicalJson(record)}\n`);
}

export async function readHistoryRecord(home: Home, uri: string) {
  return (await readRecord(home.path(uri), historyRecord))?.file;
}

export async function writeHistoryRecord(home: Home, uri: string, file: z.infer<typeof artifactReference>) {
  await writeFileAtomic(home.path(uri), `${canonicalJson({ formatVersion: 1, file })}\n`);
}

export const windowName = ({ from, to }: IngestionWindow) => `${from}_${to}`;

const windowUri = (folder: string, window: IngestionWindow) =>
  `manifests/window/${folder}/${window.route}/${window.region}/${windowName(window)}-${window.dfAvailability}.json`;

export const historyUri = (
  folder: string,
  { route, region, dfAvailability }: IngestionWindow,
  year: number,
) => `manifests/history/${folder}/${route}/${region}/${year}-${dfAvailability}.json`;

/** A record that is not there or cannot be read counts as none: the raw replies make it again. */
async function readRecord<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
