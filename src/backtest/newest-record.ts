import { readdir, stat } from 'node:fs/promises';
import { z } from 'zod';
import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import { seriesAccount } from '../contracts/ingestion.ts';
import type { RegionCode } from '../contracts/regions.ts';
import { CorruptArtifactError, MissingDataError, describeIssues } from '../errors.ts';
import { onceByKey, readManifest, referTo } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';

interface Candidate {
  reference: ArtifactReference;
  manifest: Manifest;
  account: SeriesAccount[];
  writtenAt: number;
}

type SeriesAccount = z.infer<typeof seriesAccount>;
type Parsed = Pick<Candidate, 'manifest' | 'account'>;
/** What the manifests of the last call say, by their hash: each ingestion leaves one, and parsing them all takes longer than reading. */
let parsed = new Map<string, Parsed>();

/** How far a grid dataset reaches in a region, and how much of it there is. */
interface Reach {
  lastHour: string;
  present: number;
}

/**
 * The record of these regions that reaches furthest: for each region the grid dataset with the newest demand, of
 * these the fullest, of these the one written last. An ingestion of one region or of one month does not hide what
 * others brought. Where the regions come from several datasets, a grid manifest that joins them is written.
 */
export async function newestRecord(
  home: Home,
  regions: readonly RegionCode[],
): Promise<{ reference: ArtifactReference; manifest: Manifest }> {
  const candidates = await gridDatasets(home);
  const chosen = regions.map((region) => ({ region, candidate: furthest(candidates, region) }));
  const absent = chosen.filter(({ candidate }) => !candidate).map(({ region }) => region);
  if (absent.length > 0) {
    throw new MissingDataError(
      `${home.root} holds no demand of ${absent.join(', ')}.`,
      `Run \`ingest --regions ${absent.join(',')}\`, or forecast other regions.`,
    );
  }
  const sources = [...new Set(chosen.map(({ candidate }) => candidate!))];
  if (sources.length === 1) return sources[0]!;
  const work = {
    kind: 'grid' as const,
    stage: 'newest-record',
    version: 1,
    settings: { regions: [...regions] },
    inputs: sources.map(({ reference }) => reference),
  };
  return onceByKey(home, work, async () => {
    const files = chosen.flatMap(({ region, candidate }) =>
      candidate!.manifest.files.filter((file) => file.region === region),
    );
    const account = chosen.flatMap(({ region, candidate }) =>
      candidate!.account.filter((line) => line.region === region),
    );
    return { files, rows: files.reduce((sum, { rows = 0 }) => sum + rows, 0), details: { account } };
  });
}

function furthest(candidates: readonly Candidate[], region: RegionCode): Candidate | undefined {
  return candidates
    .flatMap((candidate) => {
      const reach = reachOf(candidate, region);
      return reach ? [{ candidate, reach }] : [];
    })
    .sort(
      (a, b) =>
        b.reach.lastHour.localeCompare(a.reach.lastHour) ||
        b.reach.present - a.reach.present ||
        b.candidate.writtenAt - a.candidate.writtenAt,
    )[0]?.candidate;
}

function reachOf({ account }: Candidate, region: RegionCode): Reach | undefined {
  const demand = account.find((line) => line.region === region && line.series === 'D');
  return demand?.lastHour ? { lastHour: demand.lastHour, present: demand.present } : undefined;
}

async function parse(home: Home, reference: ArtifactReference): Promise<Parsed> {
  const manifest = await readManifest(home, reference, 'grid');
  const account = z.array(seriesAccount).safeParse(manifest.details['account'] ?? []);
  if (account.success) return { manifest, account: account.data };
  throw new CorruptArtifactError(
    `${reference.uri} does not say how far its record reaches (${describeIssues(account.error.issues)}).`,
    'Delete it and `ingest` again; what was fetched is not fetched again.',
  );
}

async function gridDatasets(home: Home): Promise<Candidate[]> {
  const folder = 'manifests/grid';
  const names = await readdir(home.path(folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const uris = names.filter((name) => name.endsWith('.json')).map((name) => `${folder}/${name}`);
  if (uris.length === 0) {
    throw new MissingDataError(`${home.root} holds no grid record.`, 'Run `ingest` first.');
  }
  const candidates = await Promise.all(
    uris.map(async (uri) => {
      const reference = await referTo(home, uri);
      const known = parsed.get(reference.sha256) ?? (await parse(home, reference));
      const { mtimeMs } = await stat(home.path(uri));
      // As the stage that wrote it refers to it, so that work done on it is found again.
      return { reference: { ...reference, rows: known.manifest.rows }, ...known, writtenAt: mtimeMs };
    }),
  );
  parsed = new Map(
    candidates.map(({ reference, manifest, account }) => [reference.sha256, { manifest, account }]),
  );
  return candidates;
}
