import type { ArtifactReference } from '../contracts/artifact.ts';
import type { IngestionWindow, WindowResult } from '../contracts/ingestion.ts';
import { fromHourStamp } from '../contracts/time.ts';
import { CorruptArtifactError, MissingDataError } from '../errors.ts';
import { verifiedPath, writeContent } from '../lake/artifacts.ts';
import { withLock } from '../lake/file-lock.ts';
import {
  readGridFile,
  rowsBetween,
  rowsKnownAt,
  writeGridFile,
  yearOf,
  type GridRows,
} from '../lake/grid-rows.ts';
import type { Home } from '../lake/home.ts';
import type { StageContext } from '../stages/context.ts';
import { CaisoClient } from './caiso/client.ts';
import { EiaClient } from './eia/client.ts';
import type { Fetched } from './fetched.ts';
import { accountOf, withNews } from './history.ts';
import { RawStore } from './raw-store.ts';
import { accessTo, fetchName, type SourceAccess } from './source-access.ts';
import {
  historyUri,
  readHistoryRecord,
  readWindowRecord,
  windowName,
  writeHistoryRecord,
  writeWindowRecord,
  type WindowRecord,
} from './window-record.ts';

/**
 * Fetches one window into the lake. Done again it only looks: a window whose record and file are whole is left as
 * it is, and pages whose raw reply is stored are not fetched.
 */
export async function ingestWindow(context: StageContext, window: IngestionWindow): Promise<WindowResult> {
  const { home, log } = context;
  const access = await accessTo(window.source, context);
  const fetched = fetchName(window, access.origin);
  const before = await readWindowRecord(home, access.folder, window);
  if (before && before.fetched === fetched && (await isWhole(home, before))) {
    return { ...before.result, pagesReused: before.result.pages };
  }
  const raw = rawFolderOf(access.folder, window, fetched);
  const replies = await fetchReplies(context, access, window, raw);
  for (const warning of new Set(replies.warnings))
    log[levelOf(warning)]({ window, warning }, 'the source warns');
  const { file, rows } = await intoLake(home, access, window, replies);
  const quarantine = await quarantined(home, access.folder, window, replies);
  const record = recordOf({ window, fetched, file, quarantine }, replies, rows);
  await writeWindowRecord(home, access.folder, record);
  return { ...record.result, pagesReused: replies.pagesReused };
}

/** That a page is not all there is is why pages are asked for; anything else somebody should read. */
const levelOf = (warning: string) => (warning.startsWith('incomplete return') ? 'debug' : 'warn');

async function fetchReplies(
  context: StageContext,
  { host, limiter }: SourceAccess,
  window: IngestionWindow,
  rawFolder: string,
): Promise<Fetched> {
  const heard = (soFar: Fetched, expected: number) =>
    context.progress({
      stage: 'ingest',
      done: soFar.pages,
      total: Math.max(expected, soFar.pages),
      unit: 'pages',
      note: `${window.region} ${window.route} ${window.from} to ${window.to}`,
    });
  const raw = new RawStore(context.home, rawFolder, window.source === 'eia' ? 'json' : 'zip');
  await raw.sweep();
  return window.source === 'eia'
    ? new EiaClient(host, limiter, context.signal).fetchWindow(window, raw, heard)
    : new CaisoClient(host.baseUrl, limiter, context.signal).fetchWindow(window, raw, heard);
}

function rawFolderOf(folder: string, window: IngestionWindow, fetched: string): string {
  const name = `${windowName(window)}${fetched === 'settled' ? '' : `_as_of_${fetched}`}`;
  return `raw/${folder}/${window.route}/${window.region}/${name}`;
}

/** Adds what is new to the history of the window's year, and files the window's own hours of it. */
async function intoLake(
  home: Home,
  { folder, origin }: SourceAccess,
  window: IngestionWindow,
  { rows: source }: Fetched,
): Promise<{ file: ArtifactReference | null; rows: GridRows | undefined }> {
  const year = yearOf(fromHourStamp(window.from));
  const uri = historyUri(folder, window, year);
  return withLock(home.path('locks', uri.replaceAll('/', '-')), `the history ${uri}`, async () => {
    const record = await readHistoryRecord(home, uri);
    const history = record && (await readHistory(home, record));
    const updated = withNews(history, source, window, origin);
    if (updated === undefined) return { file: null, rows: undefined };
    const whole = updated === history ? record! : await writeGridFile(home, window.region, year, updated);
    if (whole !== record) await writeHistoryRecord(home, uri, whole);
    const between = rowsBetween(updated, fromHourStamp(window.from), fromHourStamp(window.to));
    const rows = origin.simulated ? rowsKnownAt(between, origin.now) : between;
    if (rows.length === 0) return { file: null, rows };
    return { file: rows === updated ? whole : await writeGridFile(home, window.region, year, rows), rows };
  });
}

/** A history that was lost or damaged begins anew from the replies at hand. */
async function readHistory(home: Home, file: ArtifactReference): Promise<GridRows | undefined> {
  try {
    return await readGridFile(await verifiedPath(home, file));
  } catch (error) {
    if (error instanceof MissingDataError || error instanceof CorruptArtifactError) return undefined;
    throw error;
  }
}

/** Refused rows, one JSON a line with the reason, where they can be looked at and played again. */
async function quarantined(
  home: Home,
  folder: string,
  window: IngestionWindow,
  { rows }: Fetched,
): Promise<ArtifactReference | null> {
  if (rows.quarantined.length === 0) return null;
  const content = rows.quarantined.map((row) => `${JSON.stringify(row)}\n`).join('');
  return writeContent(home, `quarantine/${folder}/${window.route}/${window.region}`, 'jsonl', content);
}

async function isWhole(home: Home, { file }: WindowRecord): Promise<boolean> {
  if (file === null) return true;
  return verifiedPath(home, file).then(
    () => true,
    () => false,
  );
}

function recordOf(
  made: Pick<WindowRecord, 'window' | 'fetched' | 'file' | 'quarantine'>,
  { rows: source, pages, bytes }: Fetched,
  rows: GridRows | undefined,
): WindowRecord {
  const refused = new Map<string | null, number>();
  for (const { series } of source.quarantined) refused.set(series, (refused.get(series) ?? 0) + 1);
  return {
    formatVersion: 1,
    ...made,
    result: {
      records: source.records,
      pages,
      pagesReused: 0,
      bytes,
      files: made.file === null ? 0 : 1,
      quarantined: source.quarantined.length,
    },
    account: (rows === undefined ? [] : accountOf(rows)).map((line) => ({
      ...line,
      region: made.window.region,
      quarantined: refused.get(line.series) ?? 0,
    })),
  };
}
