import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Credentials } from '../serving/gate.ts';
import { ServingProblem } from '../serving/problem.ts';

/**
 * What an HTTP request brings to say who sends it (Fastify: `request.raw`).
 * @throws ServingProblem UNAUTHENTICATED where a key stands in the address: addresses end in the logs of proxies and
 * in histories of browsers, so nobody shall get used to it, not even with a key that is right
 */
export function httpCredentials(request: IncomingMessage): Credentials {
  refuseKeyInAddress(request.url ?? '');
  return { ...credentialsOf(request.headers, request.socket), foreign: isForeign(request) };
}

/** What a call over HTTP/1.1 or HTTP/2 brings; without a socket when its connection is gone already. */
export function credentialsOf(
  headers: { authorization?: string | undefined; 'x-api-key'?: string | string[] | undefined },
  socket: Socket | undefined,
): Credentials {
  const { authorization, 'x-api-key': apiKey } = headers;
  return {
    authorization,
    apiKey: Array.isArray(apiKey) ? apiKey.join(', ') : apiKey,
    certificate: provenName(socket),
    address: socket?.remoteAddress ?? '',
  };
}

const NAMES_OF_KEYS = /^(x-)?(api[-_]?key|key|access[-_]?token|token|authorization|bearer)$/i;
const KEY_OF_OURS = /rw_[a-z0-9]{8}_/;

function refuseKeyInAddress(url: string): void {
  const from = url.indexOf('?');
  if (from < 0 && !url.includes('rw')) return;
  const query = from < 0 ? undefined : new URLSearchParams(url.slice(from + 1));
  const isNamed = [...(query?.keys() ?? [])].some((name) => NAMES_OF_KEYS.test(name));
  if (!isNamed && !KEY_OF_OURS.test(url.replaceAll(/%5f/gi, '_'))) return;
  throw new ServingProblem(
    'UNAUTHENTICATED',
    'Keys are not taken from an address, where logs and histories keep them: send the header x-api-key, and make a new key.',
  );
}

/** A subject may have several common names; which of them is meant nobody can say. */
function provenName(socket: Socket | undefined): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const name: string | string[] | undefined = socket.getPeerCertificate().subject?.CN;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** Names of this machine that only its own processes can reach it by. */
const OWN_NAMES = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;

/**
 * Any page that a browser on this machine shows can send requests here, and a name of its own may be made to lead here.
 */
function isForeign({ headers }: IncomingMessage): boolean {
  const { host = '', origin, 'sec-fetch-site': site } = headers;
  if (!OWN_NAMES.test(host) || site === 'cross-site' || site === 'same-site') return true;
  return origin !== undefined && origin.toLowerCase().replace(/^https?:\/\//, '') !== host.toLowerCase();
}
