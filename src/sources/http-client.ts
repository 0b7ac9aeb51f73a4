import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import got, { RequestError } from 'got';
import { SourceFaultError } from '../errors.ts';
import { receive } from './receive.ts';
import { redact } from './redaction.ts';

/** Two windows' worth of pages: more only hold replies in memory that wait for their turn to be read. */
const CONNECTIONS = 10;

const agent = {
  http: new HttpAgent({ keepAlive: true, maxSockets: CONNECTIONS }),
  https: new HttpsAgent({ keepAlive: true, maxSockets: CONNECTIONS }),
};

/** A page of 5,000 rows has some 1.5 MB, a month of OASIS zipped less; more than this is not an answer. */
const MOST_BYTES = 32 * 2 ** 20;

/**
 * Connections are kept alive; got's own retries are off, because Temporal retries the whole activity and two
 * layers of retries multiply.
 */
const client = got.extend({
  agent,
  retry: { limit: 0 },
  throwHttpErrors: false,
  followRedirect: true,
  headers: { 'user-agent': 'ringwatt' },
  timeout: { connect: 10_000, response: 60_000, socket: 60_000, request: 120_000 },
});

export interface Reply {
  status: number;
  contentType: string;
  header(name: string): string | undefined;
  body: Buffer;
}

export interface RequestOptions {
  /** As messages call it: `EIA`. */
  source: string;
  signal: AbortSignal;
  /** Taken out of the body before anybody sees it: EIA echoes the key in every reply. */
  secrets?: readonly string[];
}

/**
 * One GET. Whatever breaks on the way is a `SourceFaultError` that names the host and what happened, and neither
 * the address nor got's error object: both carry the API key.
 */
export async function get(url: URL, { source, signal, secrets = [] }: RequestOptions): Promise<Reply> {
  try {
    const { response, body, isCut } = await receive(client.stream(url, { signal }), MOST_BYTES);
    if (isCut) {
      throw new SourceFaultError(
        `${source} at ${url.host} sent a body of more than ${MOST_BYTES / 2 ** 20} MiB, beginning ${beginningOf(body)}.`,
        'It is tried again; if it lasts, the source is in trouble.',
      );
    }
    return {
      status: response.statusCode,
      contentType: response.headers['content-type'] ?? '',
      header: (name) => [response.headers[name]].flat()[0],
      body: redact(body, secrets),
    };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SourceFaultError) throw error;
    const what = error instanceof RequestError ? `${error.code} ${scrubbed(error.message, url)}` : 'failed';
    throw new SourceFaultError(
      `${source} at ${url.host} did not answer in full: ${what}.`,
      'It is tried again; if it lasts, check the network and the address.',
    );
  }
}

/** The beginning of a body that is not what was expected, for a message. */
export function beginningOf(body: Buffer): string {
  return JSON.stringify(body.subarray(0, 60).toString('utf8').replace(/\s+/g, ' ').trim());
}

const scrubbed = (message: string, url: URL) =>
  message.replaceAll(url.href, url.origin).replaceAll(url.search, '');
