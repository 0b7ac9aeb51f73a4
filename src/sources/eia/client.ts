import pLimit from 'p-limit';
import type { IngestionWindow } from '../../contracts/ingestion.ts';
import { fromHourStamp, hourStamp } from '../../contracts/time.ts';
import { SourceFaultError } from '../../errors.ts';
import { get } from '../http-client.ts';
import type { Limiter } from '../limiter/source-limiter.ts';
import type { RawReply, RawStore } from '../raw-store.ts';
import type { Fetched, FetchListener } from '../fetched.ts';
import { SourceRows } from '../source-rows.ts';
import { isCutShort, pageOf, type EiaPage } from './page.ts';
import { bodyOf, parseResponse } from './reply.ts';
import { PAGE_ROWS, pageUrl, routeUrl, type EiaHost } from './request.ts';
import { EiaRowReader } from './rows.ts';

/** Takes in a page's rows and says how many there were. */
type PageReader = (page: EiaPage, reply: RawReply) => number;

/** Twice over: more series than any region has in a route (fuels with their storage, or neighbours). */
const MOST_SERIES = 32;

/** Pages of one window on their way at once; after a kill at most these are fetched again. */
const PAGES_IN_FLIGHT = 5;

export class EiaClient {
  readonly #host: EiaHost;
  readonly #limiter: Limiter;
  readonly #signal: AbortSignal;

  constructor(host: EiaHost, limiter: Limiter, signal: AbortSignal) {
    this.#host = host;
    this.#limiter = limiter;
    this.#signal = signal;
  }

  /** First and last hour a route has, in seconds since 1970 UTC. */
  async period(route: string): Promise<{ from: number; to: number }> {
    await this.#limiter.acquire(this.#signal);
    const response = parseResponse(bodyOf(await this.#get(routeUrl(this.#host, route))));
    const [from, to] = [response['startPeriod'], response['endPeriod']];
    if (!hourStamp.safeParse(from).success || !hourStamp.safeParse(to).success) {
      throw new SourceFaultError(
        `EIA's description of ${route} does not say which hours it has.`,
        'It is tried again.',
      );
    }
    return { from: fromHourStamp(from as string), to: fromHourStamp(to as string) };
  }

  /**
   * All rows of a window, page by page. The first page says how many there are; the others come five at a time.
   * Where pages disagree about the total, or name none, one more is asked for until one comes that is not full.
   */
  async fetchWindow(window: IngestionWindow, raw: RawStore, heard: FetchListener): Promise<Fetched> {
    const rows = new SourceRows(fromHourStamp(window.from), fromHourStamp(window.to));
    const reader = new EiaRowReader(window, rows);
    const fetched: Fetched = { rows, pages: 0, pagesReused: 0, bytes: 0, warnings: [] };
    const most = 2 * MOST_SERIES * rows.hours;
    const totals: number[] = [];
    let received = 0;

    const takePage = async (number: number): Promise<number> => {
      if (number * PAGE_ROWS > most) {
        // What is stored of it would only be read again before the same refusal.
        await raw.clear();
        throw tooMany(window, most, `page after full page, ${received} rows so far`);
      }
      const read = (page: EiaPage, { body, fetchedAt }: RawReply) => {
        if ((page.total ?? 0) > most) throw tooMany(window, most, `a total of ${page.total}`);
        reader.read(page, fetchedAt);
        if (page.total !== undefined) totals.push(page.total);
        received += page.rows.length;
        fetched.pages += 1;
        fetched.bytes += body.length;
        fetched.warnings.push(...page.warnings);
        return page.rows.length;
      };
      const { length, reused } = await this.#page(window, raw, number * PAGE_ROWS, read);
      if (reused) fetched.pagesReused += 1;
      heard(fetched, Math.ceil(Math.max(0, ...totals) / PAGE_ROWS));
      return length;
    };

    const first = await takePage(0);
    const announced = Math.ceil(Math.max(0, ...totals) / PAGE_ROWS);
    const others = Array.from({ length: Math.max(0, announced - 1) }, (_unused, i) => i + 1);
    const lengths = [first, ...(await inFlight(others, takePage))];
    while (lengths.at(-1) === PAGE_ROWS) lengths.push(await takePage(lengths.length));

    if (totals.length > 0 && received < Math.min(...totals)) {
      throw new SourceFaultError(
        `EIA sent ${received} of ${Math.min(...totals)} rows of ${window.region} ${window.route} ${window.from} to ${window.to}.`,
        'It is tried again.',
      );
    }
    return fetched;
  }

  /**
   * A page from the raw store where it lies there whole, from the source otherwise. It is read before its reply is
   * stored: compressing takes its time, and 5,000 parsed rows are large to keep that long.
   */
  async #page(window: IngestionWindow, raw: RawStore, offset: number, read: PageReader) {
    const name = String(offset).padStart(8, '0');
    const stored = await raw.read(name);
    const page = stored && storedPage(stored.body, offset);
    if (stored && page) return { length: read(page, stored), reused: true };
    const reply = await this.#fetchPage(window, offset);
    const length = read(wholePage(reply.body, offset), reply);
    await raw.write(name, reply);
    return { length, reused: false };
  }

  async #fetchPage(window: IngestionWindow, offset: number): Promise<RawReply> {
    await this.#limiter.acquire(this.#signal);
    const reply = await this.#get(pageUrl(this.#host, window, offset));
    return { body: bodyOf(reply), fetchedAt: Math.floor(Date.now() / 1000) };
  }

  #get(url: URL) {
    return get(url, { source: 'EIA', signal: this.#signal, secrets: [this.#host.key] });
  }
}

function tooMany({ region, route, from, to }: IngestionWindow, most: number, what: string): SourceFaultError {
  return new SourceFaultError(
    `EIA sent ${what} of ${region} ${route} ${from} to ${to}, which can have ${most} at most.`,
    'It is tried again; if it lasts, the source is in trouble.',
  );
}

function wholePage(body: Buffer, offset: number): EiaPage {
  const page = pageOf(parseResponse(body), offset);
  if (isCutShort(page)) {
    throw new SourceFaultError(
      `EIA sent ${page.rows.length} rows from ${offset} on, where its total of ${page.total} means ${PAGE_ROWS}.`,
      'It is tried again.',
    );
  }
  return page;
}

/** A stored page is good when it is whole: not cut short, and as long as its own total says. */
function storedPage(body: Buffer, offset: number): EiaPage | undefined {
  try {
    const page = pageOf(parseResponse(body), offset);
    const expected = page.total === undefined ? 0 : Math.min(PAGE_ROWS, page.total - offset);
    return page.rows.length >= expected ? page : undefined;
  } catch (error) {
    if (error instanceof SourceFaultError) return undefined;
    throw error;
  }
}

/**
 * Runs `work` for all, a few at a time. After the first failure nothing new begins and what is on its way is
 * awaited, so that its replies are stored for the next attempt.
 */
async function inFlight<T>(numbers: number[], work: (number: number) => Promise<T>): Promise<T[]> {
  const limit = pLimit(PAGES_IN_FLIGHT);
  const failures: unknown[] = [];
  const results: T[] = [];
  const attempt = async (number: number, index: number) => {
    if (failures.length > 0) return;
    try {
      results[index] = await work(number);
    } catch (error) {
      failures.push(error);
    }
  };
  await Promise.all(numbers.map((number, index) => limit(() => attempt(number, index))));
  if (failures.length > 0) throw failures[0];
  return results;
}
