import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InUseError, UnavailableError } from '../../errors.ts';
import { ARCHIVE_CLOCK_HEADER, ARCHIVE_HEADER } from '../archive-headers.ts';
import type { DfAvailability } from '../availability.ts';
import { answerEia, type EiaApi } from './eia-api.ts';
import { FaultSource, type FaultOptions } from './faults.ts';
import { answerOasis, type OasisApi } from './oasis-api.ts';
import { send, type Reply } from './reply.ts';
import { loadArchive, parseClock, type PlantedChange } from './store.ts';

export interface ArchiveServerOptions {
  /** 0 takes a free one. */
  port?: number;
  host?: string;
  /** The folder with `grid/`; default: the data that comes with Ringwatt. */
  dataFolder?: string;
  /** An ISO time; what was not published then is not there. */
  clock?: string;
  /** Whose clock the day-ahead forecasts follow under `clock`. */
  dfAvailability?: DfAvailability;
  planted?: readonly PlantedChange[];
  faults?: FaultOptions;
  /** The keys that are let in; default: any that is not empty. */
  apiKeys?: readonly string[];
  logger?: { info(fields: object, message: string): void; error(fields: object, message: string): void };
}

export interface ArchiveServer {
  /** The base of both APIs: `<url>/v2/…` and `<url>/oasisapi/…`. */
  url: string;
  port: number;
  /** Moves the clock, for whoever simulates a time: the next request sees what was published by then. */
  setClock(time: string): Promise<void>;
  /** From the next request on. */
  setFaults(faults: FaultOptions): void;
  close(): Promise<void>;
}

const SHIPPED_DATA = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'data');

/**
 * Serves the shipped record over the wire shapes of EIA API v2 and CAISO OASIS. Throws `InUseError` when the port is
 * taken, `MissingDataError` or `CorruptArtifactError` when the data is not there, `BadInputError` for a wrong clock.
 */
export async function startArchiveServer(options: ArchiveServerOptions = {}): Promise<ArchiveServer> {
  const { port = 0, host = '127.0.0.1', dataFolder = SHIPPED_DATA, logger } = options;
  const archiveAt = (time: number | undefined) =>
    loadArchive(dataFolder, {
      ...(time !== undefined && { clock: time }),
      ...(options.planted && { planted: options.planted }),
      dfAvailability: options.dfAvailability ?? 'operator',
    });
  let clock = options.clock === undefined ? undefined : parseClock(options.clock);
  const archive = await archiveAt(clock);
  const faults = new FaultSource(options.faults);
  const eia: EiaApi = { archive, faults, apiKeys: options.apiKeys && new Set(options.apiKeys) };
  const oasis: OasisApi = { archive, faults, now: () => clock ?? Date.now() / 1000 };
  const server = createServer((request, response) => {
    const begun = performance.now();
    response.setHeader(ARCHIVE_HEADER, '1');
    if (clock !== undefined) response.setHeader(ARCHIVE_CLOCK_HEADER, new Date(clock * 1000).toISOString());
    const reply = answer(eia, oasis, request, logger);
    response.on('close', () =>
      logger?.info(
        { path: pathOf(request), status: reply.status, milliseconds: Math.round(performance.now() - begun) },
        'answered',
      ),
    );
    void send(response, reply);
  });
  server.keepAliveTimeout = 65_000;
  const address = await listen(server, host, port);
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    async setClock(text) {
      const time = parseClock(text);
      const then = await archiveAt(time);
      // Between two requests, so that no reply has the one's clock and the other's rows.
      clock = time;
      eia.archive = oasis.archive = then;
    },
    setFaults(next) {
      eia.faults = oasis.faults = new FaultSource(next);
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(
  eia: EiaApi,
  oasis: OasisApi,
  request: IncomingMessage,
  logger: ArchiveServerOptions['logger'],
): Reply {
  try {
    if (request.method !== 'GET') return { status: 405, type: 'text/plain', body: 'Only GET is served.\n' };
    const url = new URL(`http://archive${(request.url ?? '/').replace(/^\/+/, '/')}`);
    if (/^\/v2(\/|$)/.test(url.pathname)) return answerEia(eia, url, request.headers);
    if (/^\/oasisapi\/SingleZip\/?$/.test(url.pathname)) return answerOasis(oasis, url);
    const body = 'The archive of Ringwatt serves /v2 and /oasisapi/SingleZip.\n';
    return { status: url.pathname === '/' ? 200 : 404, type: 'text/plain', body };
  } catch (error) {
    logger?.error({ error, path: pathOf(request) }, 'a request failed');
    return { status: 500, type: 'application/json', body: '{"error":"Internal server error.","code":500}' };
  }
}

/** Without the query, which holds the key. */
const pathOf = (request: IncomingMessage) => request.url?.split('?', 1)[0];

async function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new InUseError(
              `Port ${port} on ${host} is in use.`,
              'Give another one with --port, or 0 for a free one.',
              { cause: error },
            )
          : new UnavailableError(
              `The archive server cannot listen on ${host}:${port}: ${error.message}.`,
              'Give an address of this machine with --host and a port that its user may open with --port.',
              { cause: error },
            ),
      );
    });
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}
