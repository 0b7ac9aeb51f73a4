import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Config } from '../config/config.ts';
import { UnavailableError, messageOf } from '../errors.ts';

type Place = Pick<Config, 'temporalAddress' | 'temporalNamespace'>;

const DEFAULT_ADDRESS = '127.0.0.1:7233';

/**
 * How to reach the server: the address and the namespace from our configuration; TLS, an API key and the rest from the
 * environment and the profile file that all Temporal tools share.
 */
export function connectionOptions({ temporalAddress }: Place) {
  const { address, tls, apiKey, metadata } = loadClientConnectConfig().connectionOptions;
  return { address: temporalAddress ?? address ?? DEFAULT_ADDRESS, tls, apiKey, metadata };
}

/** A client and its connection; the caller closes the connection. */
export async function connect(
  config: Place,
  { seconds = 10 } = {},
): Promise<{ client: Client; connection: Connection }> {
  const options = connectionOptions(config);
  const connection = await Connection.connect({ ...options, connectTimeout: 1000 * seconds }).catch(
    (error: unknown) => {
      throw unreachable(options.address, error);
    },
  );
  return { client: new Client({ connection, namespace: config.temporalNamespace }), connection };
}

export const unreachable = (address: string, cause: unknown) =>
  new UnavailableError(
    `The Temporal server at ${address} does not answer: ${messageOf(cause)}.`,
    'Start one with `up`, or correct TEMPORAL_ADDRESS.',
    { cause },
  );

const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;

/** Does what needs the server; one that goes away meanwhile, or has its hands full, is said as such, with what to do. */
export async function served<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    if (isExhausted(cause)) {
      // The client has tried again for half a minute by then.
      throw new UnavailableError(
        `The Temporal server takes no more requests: ${cause.message}.`,
        'Try again in a moment; where no worker runs, run `up`.',
        { cause: error },
      );
    }
    if (!isGrpcServiceError(cause) || Number(cause.code) !== UNAVAILABLE) throw error;
    const why = cause.details.replace(/\s*Resolution note:.*$/s, '').replace(/\.$/, '');
    throw new UnavailableError(
      `The Temporal server does not answer: ${why}.`,
      'Where the services have stopped, run `up`: the job goes on from where it was.',
      { cause: error },
    );
  }
}

/** Of an update that would be one too many the client makes an error of its own, with the code alone. */
const isExhausted = (error: unknown): error is Error =>
  error instanceof Error && Number((error as { code?: unknown }).code) === RESOURCE_EXHAUSTED;
