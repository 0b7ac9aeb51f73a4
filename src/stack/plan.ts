import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { toEnvironment, type Config } from '../config/config.ts';
import { PROJECT_ROOT } from '../config/machine.ts';
import { WATCHDOG_URI } from '../alerts/beat.ts';
import type { Home } from '../lake/home.ts';
import { freePort, isListening, requireFreePort } from './ports.ts';
import type { ServiceSpec } from './service.ts';
import type { StackState } from './state.ts';
import { findTemporalCli } from './temporal-cli.ts';
import { temporalServer } from './temporal-server.ts';
import { isWorkerHealthy } from './worker-health.ts';

const WATCHDOG_SILENT_MS = 5 * 60_000;

export interface StackPlan {
  /** What starts together; a tier starts when the one before it works. */
  tiers: ServiceSpec[][];
  temporal: StackState['temporal'];
  archiveUrl: string | null;
  config: Config;
}

/** Decides which services a home needs, on which ports, with which configuration. */
export async function planServices(
  home: Home,
  config: Config,
  options: { slots?: number; watch?: boolean; say?: (line: string) => void } = {},
): Promise<StackPlan> {
  const services: ServiceSpec[] = [];
  const namespace = config.temporalNamespace;
  const temporal: StackPlan['temporal'] = { address: config.temporalAddress ?? '', namespace, uiUrl: null };
  if (config.temporalAddress === undefined) {
    const uiPort = config.uiPort
      ? await requireFreePort(config.uiPort, 'the Temporal UI', '--ui-port')
      : await freePort();
    const [{ path: cli }, port] = [await findTemporalCli({ say: options.say }), await freePort()];
    services.push(temporalServer(home, { cli, port, uiPort, namespace }));
    temporal.address = `127.0.0.1:${port}`;
    temporal.uiUrl = `http://127.0.0.1:${uiPort}`;
  }

  // With a key the real host is read; with an address of one's own, that.
  const needsArchive = config.eiaApiKey === undefined && config.eiaBaseUrl === undefined;
  const archivePort = needsArchive ? await freePort() : undefined;
  const archiveUrl = archivePort === undefined ? null : `http://127.0.0.1:${archivePort}`;
  const slots = options.slots ?? config.slots;
  const own: Config = {
    ...config,
    home: home.root,
    // A slot divides the machine's cores by their number.
    slots,
    temporalAddress: temporal.address,
    ...(archiveUrl ? { eiaBaseUrl: archiveUrl, caisoBaseUrl: config.caisoBaseUrl ?? archiveUrl } : {}),
  };
  if (archivePort !== undefined) services.push(archiveServer(archivePort, own));

  // What the pipeline worker computes (backtests, forecasts) it computes while the slots wait.
  const pipeline: Config = { ...own, threads: config.threads ?? availableParallelism() };
  const devices = config.slotDevices?.split(',') ?? [];
  const numbers = Array.from({ length: slots }, (_, index) => index + 1);
  const workers = [
    worker(home, 'pipeline-worker', 'pipeline-worker.ts', [], pipeline),
    ...numbers.map((number) =>
      worker(home, `slot-${number}`, 'slot-worker.ts', slotArguments(number, devices), own),
    ),
  ];
  // Who starts the services for one job stays with it, and needs nobody who watches.
  if (options.watch) workers.push(watchdog(home, own));
  return { tiers: [services, workers], temporal, archiveUrl, config: own };
}

function slotArguments(number: number, devices: readonly string[]): string[] {
  const device = devices[(number - 1) % devices.length];
  return ['--number', String(number), ...(device === undefined ? [] : ['--device', device])];
}

function archiveServer(port: number, config: Config): ServiceSpec {
  return {
    ...script('archive', ['src', 'sources', 'archive', 'main.ts'], ['--port', String(port)], config),
    untilReady: (lines, signal) => untilLine(lines, signal, (event) => typeof event['url'] === 'string'),
    isHealthy: () => isListening(port),
  };
}

function worker(home: Home, name: string, file: string, args: string[], config: Config): ServiceSpec {
  return {
    ...script(name, ['workers', file], args, config),
    untilReady: (lines, signal) => untilLine(lines, signal, (event) => event['msg'] === 'ready'),
    isHealthy: () => isWorkerHealthy(home, name),
  };
}

function watchdog(home: Home, config: Config): ServiceSpec {
  return {
    ...script('watchdog', ['src', 'cli', 'main.ts'], ['watchdog', '--json'], config),
    untilReady: (lines, signal) => untilLine(lines, signal, (event) => event['msg'] === 'ready'),
    isHealthy: () => hasLooked(home),
  };
}

/** It looks every minute, and may wait a while for receivers that do not answer. */
async function hasLooked(home: Home): Promise<boolean> {
  const { mtimeMs } = await stat(home.path(WATCHDOG_URI));
  return Date.now() - mtimeMs < WATCHDOG_SILENT_MS;
}

function script(name: string, parts: string[], args: string[], config: Config) {
  return {
    name,
    path: process.execPath,
    args: [join(PROJECT_ROOT, ...parts), ...args],
    environment: toEnvironment(config),
  };
}

/** Waits for an event in what a process logs. */
async function untilLine(
  lines: AsyncIterable<string>,
  signal: AbortSignal,
  wanted: (event: Record<string, unknown>) => boolean,
): Promise<void> {
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener(
      'abort',
      () => reject(new Error('it was not ready in time; the machine may have too much else to do')),
      { once: true },
    );
  });
  const seen = (async () => {
    for await (const line of lines) {
      if (line.startsWith('{') && wanted(JSON.parse(line) as Record<string, unknown>)) return;
    }
    throw new Error('it ended before it was ready');
  })();
  await Promise.race([seen, late]);
}
