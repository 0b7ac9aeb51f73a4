import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { BadInputError, InUseError, quoted, StorageError } from '../../errors.ts';
import { DEFAULT_BATCHING } from '../../serving/batching/options.ts';
import { DEFAULT_LIMITS } from '../../serving/gate.ts';
import type { Addresses } from '../../serving/process/messages.ts';
import type { ServeOptions } from '../../serving/process/options.ts';
import { accessOptionsOf, addAccessFlags, type AccessFlags } from '../access-flags.ts';
import { defineVerb, integer, list } from '../flags.ts';
import { stderrLogger } from '../logger.ts';
import { perform, type Session } from '../session.ts';
import { until } from '../until.ts';

type Port = number | 'off';

interface Options extends AccessFlags {
  host: string;
  port: Port;
  restPort?: Port;
  grpcPort?: Port;
  processes?: number;
  modelConfigFile?: string;
  maxBatchSize: number;
  batchWaitMs: number;
  batching: boolean;
  maxWaiting: number;
  cacheMb: number;
  maxBodyMb: number;
  metrics: boolean;
  modelMemoryMb?: number;
  shards?: number;
  shardHosts?: string[];
}

const WORKER = fileURLToPath(new URL('../../../workers/serving-worker.ts', import.meta.url));
const MOST_PROCESSES = 64;
const MEGABYTE = 2 ** 20;

export function defineServe(program: Command): void {
  const verb = defineVerb(
    program,
    'serve',
    "Answer over HTTP, TensorFlow Serving's REST and gRPC until Ctrl-C: predictions, forecasts, models, jobs, alerts.",
    ['serve', 'serve --port 8080 --processes 2', 'serve --model-config-file models.config'],
  )
    .option('--host <address>', 'where to listen; off this machine it asks for keys and TLS', '127.0.0.1')
    .option('--port <port>', 'of the friendly API; 0 for a free one, off for none', port, 8000)
    .option(
      '--rest-port <port>',
      "of TensorFlow Serving's REST, likewise (default: 8501; 0 with --port 0)",
      port,
    )
    .option(
      '--grpc-port <port>',
      "of TensorFlow Serving's gRPC, likewise (default: 8500; 0 with --port 0)",
      port,
    )
    .option('--processes <count>', 'processes behind these ports (default: half of the cores)', integer)
    .option(
      '--model-config-file <file>',
      "TensorFlow Serving's file of models (default: all registered models)",
    )
    .option(
      '--max-batch-size <rows>',
      'rows that run together, and requests of one POST /predict/batch, at most',
      integer,
      DEFAULT_BATCHING.maxRows,
    )
    .option(
      '--batch-wait-ms <ms>',
      'how long a request may wait for others while nothing runs',
      integer,
      DEFAULT_BATCHING.waitMs,
    )
    .option('--no-batching', 'run each request by itself')
    .option(
      '--max-waiting <count>',
      'requests that wait for a version; more are refused',
      integer,
      DEFAULT_BATCHING.maxWaiting,
    )
    .option('--cache-mb <size>', 'of answers kept in memory; 0 for none', integer, 64)
    .option('--max-body-mb <size>', 'of one request to predict', integer, DEFAULT_LIMITS.bodyBytes / MEGABYTE)
    .option('--no-metrics', 'leave out GET /metrics')
    .option(
      '--model-memory-mb <size>',
      'what one model may take in a process; a larger network is dealt to shards (default: half of the memory)',
      integer,
    )
    .option(
      '--shards <count>',
      'exactly so many shards of such a network (default: as few as will do)',
      integer,
    )
    .option('--shard-hosts <addresses>', 'host:port of `workers/serving-shard.ts` on other hosts', list);
  addAccessFlags(verb).action(
    perform<Options>(async (session, options) => {
      const [{ Supervisor }, { figuresOfWorkers }, { homeMetrics }, { default: cluster }, { checkAccess }] =
        await Promise.all([
          import('../../serving/process/supervisor.ts'),
          import('../../serving/telemetry/figures/of-workers.ts'),
          import('../../dashboard/home-metrics.ts'),
          import('node:cluster'),
          import('../../access/gate.ts'),
        ]);
      const home = await session.home();
      const { progress } = session;
      const asked = await optionsOf(session, options);
      const log = stderrLogger(asked.logLevel, progress);
      const serveOptions = { ...asked, access: await checkAccess(home, asked.access, log) };
      const processes = options.processes ?? Math.max(1, Math.floor(availableParallelism() / 2));
      requireBetween('--processes', processes, 1, MOST_PROCESSES);
      const broken = (error: unknown) => log.warn({ error: String(error) }, 'figures are missing');
      const measured = serveOptions.metrics ? homeMetrics(home, broken) : undefined;
      const figures = figuresOfWorkers(cluster, broken, measured?.registry);
      const supervisor = new Supervisor({
        ...{ script: WORKER, processes, options: serveOptions, log },
        starting: session.say,
      });
      try {
        const started = supervisor.start().catch((error: unknown) => {
          throw cannotListen(error, options);
        });
        const addresses = await Promise.race([started, aborted(session.signal)]);
        // Told to end before it could answer.
        if (!addresses) return undefined;
        session.print(standing(home.root, addresses, processes));
        session.say('Ctrl-C ends it');
        await until(session.signal);
      } finally {
        figures.close();
        await measured?.close();
        await supervisor.close();
      }
      return undefined;
    }),
  );
}

/** Keeps nothing alive by itself. */
const aborted = (signal: AbortSignal) =>
  new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });

async function optionsOf(session: Session, options: Options): Promise<ServeOptions> {
  const { host, modelConfigFile, maxBatchSize, batchWaitMs, batching, maxWaiting, cacheMb, maxBodyMb } =
    options;
  requireBetween('--max-batch-size', maxBatchSize, 1, 4096);
  requireBetween('--batch-wait-ms', batchWaitMs, 0, 10_000);
  requireBetween('--max-waiting', maxWaiting, 1, 1_000_000);
  requireBetween('--cache-mb', cacheMb, 0, 65_536);
  requireBetween('--max-body-mb', maxBodyMb, 1, 1024);
  const { config, flags } = session;
  return {
    config: { ...config, home: (await session.home()).root },
    ports: portsOf(options),
    models: modelConfigFile === undefined ? 'registry' : await modelsOf(modelConfigFile),
    batching: {
      ...DEFAULT_BATCHING,
      enabled: batching,
      maxRows: maxBatchSize,
      waitMs: batchWaitMs,
      maxWaiting,
    },
    sharding: shardingOf(options),
    maxBatchSize,
    limits: { ...DEFAULT_LIMITS, bodyBytes: maxBodyMb * MEGABYTE },
    access: accessOptionsOf(options, host),
    cacheBytes: cacheMb * MEGABYTE,
    metrics: options.metrics,
    logLevel: flags.logLevel === undefined ? 'warn' : config.logLevel,
  };
}

function shardingOf({ modelMemoryMb, shards, shardHosts: hosts = [] }: Options): ServeOptions['sharding'] {
  if (modelMemoryMb !== undefined) requireBetween('--model-memory-mb', modelMemoryMb, 1, 2 ** 20);
  if (shards !== undefined) requireBetween('--shards', shards, 2, 64);
  if (shards !== undefined && hosts.length > 0) {
    throw new BadInputError(
      '--shards and --shard-hosts say the same twice.',
      'Leave out --shards: each host is one.',
    );
  }
  const wrong = hosts.find((address) => !/^(\[[\da-f:]+\]|[^\s:]+):\d{1,5}$/i.test(address));
  if (wrong !== undefined)
    throw new BadInputError(`--shard-hosts: ${quoted(wrong)} is no address.`, 'Give host:port.');
  const memoryBytes = modelMemoryMb === undefined ? undefined : modelMemoryMb * MEGABYTE;
  return { memoryBytes, shards, hosts };
}

function portsOf({ port: http, restPort, grpcPort }: Options): ServeOptions['ports'] {
  const free = http === 0;
  const [rest, grpc] = [restPort ?? (free ? 0 : 8501), grpcPort ?? (free ? 0 : 8500)];
  const ports = { http, rest, grpc };
  const open = Object.entries(ports).filter(([, number]) => number !== 'off');
  const used = open.map(([, number]) => number).filter((number) => number !== 0);
  if (open.length === 0) {
    throw new BadInputError('With every port off nothing answers.', 'Leave one of them on.');
  }
  if (new Set(used).size < used.length) {
    throw new BadInputError(
      'Two doors cannot share a port.',
      'Give --port, --rest-port and --grpc-port three of them.',
    );
  }
  return Object.fromEntries(open);
}

async function modelsOf(file: string) {
  const { readModelConfigFile } = await import('../../serving/model-config-file/read.ts');
  return readModelConfigFile(file);
}

function port(text: string): Port {
  return text === 'off' ? 'off' : integer(text);
}

function requireBetween(flag: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new BadInputError(`${flag} ${value} is out of range.`, `Give ${least} to ${most}.`);
}

function standing(root: string, { http, rest, grpc }: Addresses, processes: number) {
  const lines = [
    ...(http === undefined ? [] : [`${http} (its routes: ${http}/docs)`]),
    ...(rest === undefined ? [] : [`${rest}/v1/models (TensorFlow Serving, REST)`]),
    ...(grpc === undefined ? [] : [`${grpc} (TensorFlow Serving, gRPC)`]),
  ];
  return {
    json: { url: http ?? null, restUrl: rest ?? null, grpc: grpc ?? null, processes },
    text: [`serving ${root} at`, ...lines.map((line) => `  ${line}`)],
  };
}

/** Which of the three could not be opened the system tells. */
function cannotListen(error: unknown, { host }: Options): unknown {
  const message = error instanceof Error ? error.message : String(error);
  const [, code, place] = /listen (\w+)[^:]*:? ?(\S*)/.exec(message) ?? [];
  const where = place === undefined || place === '' ? host : place;
  if (code === 'EADDRINUSE') {
    return new InUseError(
      `${where} is in use.`,
      'Name other ports with --port, --rest-port and --grpc-port.',
    );
  }
  if (code === 'EACCES') {
    return new StorageError(`${where} may not be listened on by this user.`, 'Name ports above 1023.');
  }
  return error;
}
