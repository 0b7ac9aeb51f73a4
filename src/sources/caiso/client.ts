import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import type { IngestionWindow } from '../../contracts/ingestion.ts';
import { HOUR_SECONDS, fromHourStamp } from '../../contracts/time.ts';
import { SourceFaultError } from '../../errors.ts';
import type { Fetched, FetchListener } from '../fetched.ts';
import { get } from '../http-client.ts';
import type { Limiter } from '../limiter/source-limiter.ts';
import type { RawReply, RawStore } from '../raw-store.ts';
import { SourceRows } from '../source-rows.ts';
import { HourlyMeans } from './hourly-means.ts';
import { csvOf } from './reply.ts';
import { reportOf, type OasisRow, type Report } from './reports.ts';

/** Pieces in which a CSV is parsed, so that a month of five-minute rows never holds up the process's heartbeats. */
const PIECE_CHARACTERS = 1 << 16;

export class CaisoClient {
  readonly #baseUrl: string;
  readonly #limiter: Limiter;
  readonly #signal: AbortSignal;

  constructor(baseUrl: string, limiter: Limiter, signal: AbortSignal) {
    this.#baseUrl = baseUrl;
    this.#limiter = limiter;
    this.#signal = signal;
  }

  /** All hours of a window: one request for each market of its report, one after the other. */
  async fetchWindow(window: IngestionWindow, raw: RawStore, heard: FetchListener): Promise<Fetched> {
    const report = reportOf(window.route);
    const rows = new SourceRows(fromHourStamp(window.from), fromHourStamp(window.to));
    const fetched: Fetched = { rows, pages: 0, pagesReused: 0, bytes: 0, warnings: [] };
    for (const market of report.markets) {
      const { reply, csv, reused } = await this.#market(window, market, raw);
      if (csv !== undefined) {
        await readInto(rows, report, csv, reply.fetchedAt).catch(async (error: unknown) => {
          // Stored, it would only be read again before the same failure.
          if (error instanceof SourceFaultError) await raw.clear();
          throw error;
        });
      }
      fetched.pages += 1;
      fetched.pagesReused += reused ? 1 : 0;
      fetched.bytes += reply.body.length;
      heard(fetched, report.markets.length);
    }
    return fetched;
  }

  /** A market's CSV from the raw store where it lies there whole, from the source otherwise. */
  async #market(window: IngestionWindow, market: string, raw: RawStore) {
    const stored = await raw.read(market);
    const csv = stored && storedCsv(stored.body);
    if (stored && csv) return { reply: stored, csv: csv.text, reused: true };
    await this.#limiter.acquire(this.#signal);
    const url = reportUrl(this.#baseUrl, window, market);
    const { status, body } = await get(url, { source: 'CAISO', signal: this.#signal });
    if (status !== 200) {
      throw new SourceFaultError(
        status === 429 ? 'CAISO answered 429: asked too often.' : `CAISO answered ${status}.`,
        'It is tried again after a pause.',
      );
    }
    const text = csvOf(body);
    const reply: RawReply = { body, fetchedAt: Math.floor(Date.now() / 1000) };
    await raw.write(market, reply);
    return { reply, csv: text, reused: false };
  }
}

/** OASIS means the intervals that begin from `startdatetime` on and before `enddatetime`. */
export function reportUrl(baseUrl: string, window: IngestionWindow, market: string): URL {
  const url = new URL('oasisapi/SingleZip', baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);
  const parameters: [string, string][] = [
    ['queryname', window.route],
    ['market_run_id', market],
    ['startdatetime', oasisTime(fromHourStamp(window.from) - HOUR_SECONDS)],
    ['enddatetime', oasisTime(fromHourStamp(window.to))],
    ['version', '1'],
    ['resultformat', '6'],
  ];
  for (const [name, value] of parameters) url.searchParams.set(name, value);
  return url;
}

/** `20230101T00:00-0000` */
const oasisTime = (seconds: number) =>
  `${new Date(seconds * 1000).toISOString().slice(0, 16).replaceAll('-', '')}-0000`;

/** The CSV of a stored reply (undefined text: it said that there is no data), or undefined when it is damaged. */
function storedCsv(body: Buffer): { text: string | undefined } | undefined {
  try {
    return { text: csvOf(body) };
  } catch (error) {
    if (error instanceof SourceFaultError) return undefined;
    throw error;
  }
}

/** Adds the rows of one market's CSV; the columns are found by their names, in whichever order they stand. */
export async function readInto(rows: SourceRows, report: Report, csv: string, seenAt: number): Promise<void> {
  const means = new HourlyMeans(report, rows);
  let hasHeader = false;
  const columns = (header: string[]) => {
    hasHeader = true;
    requireColumns(report, header);
    return header;
  };
  const parser = Readable.from(piecesOf(csv)).pipe(
    parse({ columns, relax_column_count: true, max_record_size: PIECE_CHARACTERS }),
  );
  try {
    for await (const row of parser as AsyncIterable<OasisRow>) {
      means.add(row);
    }
  } catch (error) {
    if (error instanceof SourceFaultError) throw error;
    throw new SourceFaultError(
      `CAISO's CSV is malformed: ${(error as Error).message}.`,
      'It is tried again.',
    );
  }
  if (!hasHeader) throw new SourceFaultError("CAISO's CSV is empty.", 'It is tried again.');
  means.finish(seenAt);
}

function requireColumns({ columns }: Report, header: readonly string[]): void {
  const absent = columns.filter((name) => !header.includes(name));
  if (absent.length > 0) {
    throw new SourceFaultError(`CAISO's CSV has no column ${absent.join(', ')}.`, 'It is tried again.');
  }
}

function* piecesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += PIECE_CHARACTERS) yield text.slice(at, at + PIECE_CHARACTERS);
}
