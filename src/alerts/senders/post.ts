import got, { RequestError } from 'got';
import { messageOf, SourceFaultError } from '../../errors.ts';
import { receive, type Received } from '../../sources/receive.ts';
import { redact } from '../../sources/redaction.ts';
import { secretsOf, type PagerChannel, type SlackChannel, type WebhookChannel } from '../channel.ts';

/** As much of an answer as anybody needs. */
const MOST_BYTES = 64 * 1024;
const SHOWN = 120;

/** Nothing is followed and nothing repeated: the outbox tries again, and an address may be a secret of its host alone. */
const client = got.extend({
  retry: { limit: 0 },
  throwHttpErrors: false,
  followRedirect: false,
  headers: { 'user-agent': 'ringwatt' },
});

/** How an attempt ends before its time: it is stopped, or the receiver's time is up. */
export interface Sending {
  signal: AbortSignal;
  /** Milliseconds that a receiver may take for each of its steps. */
  patienceMs: number;
}

/**
 * Posts JSON to a channel and answers the body of a 2xx. Whatever else happens is told without the address, which may be
 * all that it takes to write to the channel, and without what the receiver repeats of it.
 */
export async function post(
  channel: SlackChannel | PagerChannel | WebhookChannel,
  body: string,
  sending: Sending,
  headers: Record<string, string> = {},
): Promise<string> {
  const { url } = channel;
  const { host } = new URL(url);
  const clean = (text: string) => redact(Buffer.from(text), [...secretsOf(channel), url]).toString('utf8');
  const failure = (what: string) =>
    new SourceFaultError(`${host} did not take it: ${clean(what).slice(0, 300)}.`, 'It is tried again.');
  let answer: Received;
  try {
    const stream = client.stream.post(url, {
      body,
      headers: { 'content-type': 'application/json', ...headers },
      signal: sending.signal,
      timeout: { connect: sending.patienceMs, response: sending.patienceMs, request: 2 * sending.patienceMs },
    });
    answer = await receive(stream, MOST_BYTES);
  } catch (error) {
    sending.signal.throwIfAborted();
    throw failure(error instanceof RequestError ? `${error.code} ${error.message}` : messageOf(error));
  }
  const { statusCode } = answer.response;
  const says = answer.body.toString('utf8');
  if (statusCode >= 200 && statusCode < 300) return says;
  throw failure(`HTTP ${statusCode} ${JSON.stringify(says.slice(0, SHOWN))}`);
}
