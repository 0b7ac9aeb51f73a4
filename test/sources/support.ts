import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, type Config } from '../../src/config/config.ts';
import type {
  CompleteIngestionInput,
  IngestionInput,
  IngestionWindow,
  WindowResult,
} from '../../src/contracts/ingestion.ts';
import { Home } from '../../src/lake/home.ts';
import {
  startArchiveServer,
  type ArchiveServer,
  type ArchiveServerOptions,
} from '../../src/sources/archive/server.ts';
import { completeIngestion, ingestWindow, planIngestion } from '../../src/sources/stage.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';

/** A home that goes away after the test. */
export async function temporaryHome(): Promise<Home & AsyncDisposable> {
  const home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-test-')));
  return Object.assign(home, {
    [Symbol.asyncDispose]: () => rm(home.root, { recursive: true, force: true }),
  });
}

export interface CountingServer extends ArchiveServer {
  /** Requests for data so far: pages of EIA, reports of OASIS. */
  requests(): number;
}

export async function archive(options: ArchiveServerOptions = {}): Promise<CountingServer & AsyncDisposable> {
  let requests = 0;
  const server = await startArchiveServer({
    ...options,
    logger: {
      info(fields) {
        if (/\/data\/?$|SingleZip/.test((fields as { path?: string }).path ?? '')) requests += 1;
      },
      error() {},
    },
  });
  return { ...server, requests: () => requests, [Symbol.asyncDispose]: () => server.close() };
}

/**
 * Passes everything through but the archive's headers, so that what stands behind it counts as a real source;
 * `rewrite` may change what it says.
 */
export async function asRealSource(
  url: string,
  rewrite: (body: string) => string = (body) => body,
): Promise<{ url: string } & AsyncDisposable> {
  return serving(async (request, response) => {
    const upstream = await fetch(new URL(request.url ?? '/', url));
    response.writeHead(upstream.status, { 'content-type': upstream.headers.get('content-type') ?? '' });
    response.end(rewrite(await upstream.text()));
  });
}

/** A server on loopback that answers every request so, until it is disposed of. */
export async function serving(answer: RequestListener): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function contextOf(home: Home, url: string, config: Partial<Config> = {}): StageContext {
  return {
    home,
    config: loadConfig(
      { home: home.root, eiaBaseUrl: url, caisoBaseUrl: url, caisoSecondsPerRequest: 0, ...config },
      { environment: {} },
    ),
    signal: new AbortController().signal,
    progress() {},
    log: silentLogger,
  };
}

/** A whole run, window by window; `fetch` may try a window again. */
export async function ingest(
  context: StageContext,
  ingestion: IngestionInput,
  fetch = (window: IngestionWindow) => ingestWindow(context, window),
) {
  const plan = await planIngestion(context, ingestion);
  const totals: WindowResult = { records: 0, pages: 0, pagesReused: 0, bytes: 0, files: 0, quarantined: 0 };
  for (const window of plan.windows) {
    const result = await fetch(window);
    for (const field of Object.keys(totals) as (keyof WindowResult)[]) totals[field] += result[field];
  }
  const closing: CompleteIngestionInput = {
    ingestion,
    period: plan.period,
    totals,
    windows: plan.windows.length,
    failedWindows: 0,
    seconds: 1,
  };
  return { plan, totals, result: await completeIngestion(context, closing) };
}
