import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { BadInputError, describeIssues } from '../errors.ts';

/**
 * Everything a process may be told from outside, parsed once. This is the only folder that reads the environment.
 * Order: what a caller passes (flags), then the environment, then the file given with --config, then the defaults.
 */
export const configSchema = z.strictObject({
  home: z
    .string()
    .default('.ringwatt')
    .describe('The folder that holds data, models, reports; RINGWATT_HOME'),
  temporalAddress: z
    .string()
    .optional()
    .describe('A cluster someone runs; absent: the embedded server; TEMPORAL_ADDRESS'),
  temporalNamespace: z
    .string()
    .default('default')
    .describe('The namespace that all workflows run in; TEMPORAL_NAMESPACE'),
  eiaApiKey: z
    .string()
    .optional()
    .describe('With a key the real host is read, without one the shipped archive; EIA_API_KEY'),
  eiaBaseUrl: z.url().optional().describe('Default: https://api.eia.gov with a key; RINGWATT_EIA_URL'),
  caisoBaseUrl: z.url().optional().describe('Default: https://oasis.caiso.com; RINGWATT_CAISO_URL'),
  eiaRequestsPerHour: z
    .number()
    .int()
    .positive()
    .default(5000)
    .describe('The budget this project keeps to; RINGWATT_EIA_REQUESTS_PER_HOUR'),
  caisoSecondsPerRequest: z
    .number()
    .nonnegative()
    .default(5)
    .describe("CAISO's acceptable use; RINGWATT_CAISO_SECONDS_PER_REQUEST"),
  slots: z.number().int().min(1).max(64).default(2).describe('Slot processes on this host; RINGWATT_SLOTS'),
  slotDevices: z
    .string()
    .regex(/^(cpu|gpu:\d+)(,(cpu|gpu:\d+))*$/, 'devices such as gpu:0,gpu:1 are expected')
    .optional()
    .describe(
      'What the slots of this host compute on, one after another and around again, such as gpu:0,gpu:1; default: each takes what it finds; RINGWATT_SLOT_DEVICES',
    ),
  slotHost: z
    .string()
    .default('127.0.0.1')
    .describe('The address other slots reach this host at; RINGWATT_SLOT_HOST'),
  healthHost: z
    .string()
    .default('127.0.0.1')
    .describe('The address that workers answer /health and /metrics at, to anyone; RINGWATT_HEALTH_HOST'),
  tls: z
    .string()
    .optional()
    .describe(
      'The folder with the certificates for links off loopback, one folder a host; default: tls in the home; RINGWATT_TLS',
    ),
  hostName: z.string().default(hostname()).describe('Names the queues of this host; RINGWATT_HOST_NAME'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('What the services write into their logs: this level and worse; RINGWATT_LOG_LEVEL'),
  backend: z
    .enum(['auto', 'wasm', 'tensorflow'])
    .default('auto')
    .describe('What TensorFlow.js computes with, docs/gpu.md; RINGWATT_BACKEND'),
  kernel: z
    .enum(['auto', 'none', 'avx512', 'avx2', 'neon', 'portable'])
    .default('auto')
    .describe(
      'What computes attention, large products and the sums of a ridge: auto takes the best variant of the compiled kernels that this processor runs, none leaves all to TensorFlow.js and JavaScript; RINGWATT_KERNEL',
    ),
  threads: z
    .number()
    .int()
    .min(1)
    .max(1024)
    .optional()
    .describe(
      'Threads that a slot computes with, and a fit; default: for a slot the cores divided by the slots of this host, at least 1, for a fit all cores; RINGWATT_THREADS',
    ),
  uiPort: z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe('Port of the embedded Temporal UI; default: a free one; RINGWATT_UI_PORT'),
  smtpPassword: z
    .string()
    .optional()
    .describe('Of email channels whose file names a user and no password; RINGWATT_SMTP_PASSWORD'),
  slackWebhookUrl: z
    .string()
    .optional()
    .describe(
      'A Slack-compatible webhook; without a file of channels it makes the channel slack, docs/alerts.md; RINGWATT_SLACK_WEBHOOK_URL',
    ),
  pagerRoutingKey: z
    .string()
    .optional()
    .describe(
      "A pager service's key, Events API v2; without a file of channels it makes the channel pager; RINGWATT_PAGER_ROUTING_KEY",
    ),
  webhookSecret: z
    .string()
    .optional()
    .describe('Signs what webhook channels send whose file names no secret; RINGWATT_WEBHOOK_SECRET'),
  redisUrl: z
    .url({ protocol: /^rediss?$/, error: 'a URL such as redis://:password@host:6379 is expected' })
    .optional()
    .describe(
      'A Redis that keeps answers for all that serve; without one each process keeps its own, docs/deployment.md; REDIS_URL',
    ),
  traceEndpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'A collector that takes traces of served requests, OTLP over HTTP, such as http://127.0.0.1:4318; absent: nothing is traced; OTEL_EXPORTER_OTLP_ENDPOINT',
    ),
  traceShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe(
      'Of served requests that bring no decision in their traceparent; all of a busy server would be more than anybody reads; OTEL_TRACES_SAMPLER_ARG',
    ),
  traceService: z.string().default('ringwatt').describe('What traces are of; OTEL_SERVICE_NAME'),
});
export type Config = z.infer<typeof configSchema>;

export const ENVIRONMENT: Partial<Record<keyof Config, string>> = {
  home: 'RINGWATT_HOME',
  temporalAddress: 'TEMPORAL_ADDRESS',
  temporalNamespace: 'TEMPORAL_NAMESPACE',
  eiaApiKey: 'EIA_API_KEY',
  eiaBaseUrl: 'RINGWATT_EIA_URL',
  caisoBaseUrl: 'RINGWATT_CAISO_URL',
  eiaRequestsPerHour: 'RINGWATT_EIA_REQUESTS_PER_HOUR',
  caisoSecondsPerRequest: 'RINGWATT_CAISO_SECONDS_PER_REQUEST',
  slots: 'RINGWATT_SLOTS',
  slotDevices: 'RINGWATT_SLOT_DEVICES',
  slotHost: 'RINGWATT_SLOT_HOST',
  healthHost: 'RINGWATT_HEALTH_HOST',
  tls: 'RINGWATT_TLS',
  hostName: 'RINGWATT_HOST_NAME',
  logLevel: 'RINGWATT_LOG_LEVEL',
  backend: 'RINGWATT_BACKEND',
  kernel: 'RINGWATT_KERNEL',
  threads: 'RINGWATT_THREADS',
  uiPort: 'RINGWATT_UI_PORT',
  smtpPassword: 'RINGWATT_SMTP_PASSWORD',
  slackWebhookUrl: 'RINGWATT_SLACK_WEBHOOK_URL',
  pagerRoutingKey: 'RINGWATT_PAGER_ROUTING_KEY',
  webhookSecret: 'RINGWATT_WEBHOOK_SECRET',
  redisUrl: 'REDIS_URL',
  traceEndpoint: 'OTEL_EXPORTER_OTLP_ENDPOINT',
  traceShare: 'OTEL_TRACES_SAMPLER_ARG',
  traceService: 'OTEL_SERVICE_NAME',
};

const NUMERIC = new Set<keyof Config>([
  'eiaRequestsPerHour',
  'caisoSecondsPerRequest',
  'slots',
  'threads',
  'uiPort',
  'traceShare',
]);

export function loadConfig(
  flags: Partial<Config> = {},
  { file, environment = process.env }: { file?: string; environment?: NodeJS.ProcessEnv } = {},
): Config {
  const merged = { ...(file ? fromFile(file) : {}), ...fromEnvironment(environment), ...defined(flags) };
  const parsed = configSchema.safeParse(merged);
  if (!parsed.success) {
    throw new BadInputError(
      `The configuration is wrong: ${describeIssues(parsed.error.issues)}.`,
      `Correct ${whereGiven(parsed.error.issues, flags, file, environment)}; docs/configuration.md lists every field.`,
    );
  }
  return parsed.data;
}

/** The variables that the wrong fields came from, or else the flags or the file. */
function whereGiven(
  issues: readonly { path: PropertyKey[] }[],
  flags: Partial<Config>,
  file: string | undefined,
  environment: NodeJS.ProcessEnv,
): string {
  const variables = issues.flatMap(({ path: [field] }) => {
    const name = field as keyof Config;
    const variable = ENVIRONMENT[name];
    return variable && environment[variable] && flags[name] === undefined ? [variable] : [];
  });
  return variables.length > 0 ? variables.join(', ') : (file ?? 'the flag');
}

/** The environment a child process needs to arrive at the same configuration. */
export function toEnvironment(config: Config): NodeJS.ProcessEnv {
  const result: NodeJS.ProcessEnv = { ...process.env };
  for (const [field, name] of Object.entries(ENVIRONMENT) as [keyof Config, string][]) {
    if (config[field] !== undefined) result[name] = String(config[field]);
  }
  return result;
}

function fromEnvironment(environment: NodeJS.ProcessEnv): Partial<Record<keyof Config, unknown>> {
  const result: Partial<Record<keyof Config, unknown>> = {};
  for (const [field, name] of Object.entries(ENVIRONMENT) as [keyof Config, string][]) {
    const text = environment[name];
    if (text === undefined || text === '') continue;
    result[field] = NUMERIC.has(field) ? Number(text) : text;
  }
  return result;
}

function fromFile(path: string): object {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as object;
  } catch (error) {
    throw new BadInputError(
      `The configuration file ${path} cannot be read as JSON.`,
      'Correct it, or leave out --config.',
      {
        cause: error,
      },
    );
  }
}

const defined = (flags: object) =>
  Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
