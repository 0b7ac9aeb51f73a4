import { resolve } from 'node:path';
import { createLocalJWKSet, createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import type { Logger } from '../stages/context.ts';
import { isLoopback } from '../tls/host-files.ts';
import { BadInputError } from '../errors.ts';
import { cannotTell } from './identity.ts';
import type { AccessOptions } from './options.ts';
import { WatchedFile } from './watched-file.ts';

type Oidc = NonNullable<AccessOptions['oidc']>;

/** A provider that does not answer is not asked again for so long. */
const PAUSE_MS = 2000;
const ANSWER_MS = 5000;
/** How long keys count without the provider confirming them: a key it withdraws works no longer than that. */
const KEPT_MS = 600_000;
/** A token with an unknown key makes us look for new ones, at most so often. */
const ROTATION_MS = 30_000;

const discovery = z.looseObject({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });
const jwkSet = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })) });

/** Where the keys come from that tokens of an issuer are signed with. */
export function tokenKeys(
  oidc: Oidc,
  log: Pick<Logger, 'error' | 'info' | 'warn'>,
  timing?: { checkMs: number },
): JWTVerifyGetKey {
  requireSafe(oidc.issuer, '--oidc-issuer');
  if (oidc.jwks === undefined) return discovered(oidc.issuer, log);
  if (/^https?:/i.test(oidc.jwks)) return remote(requireSafe(oidc.jwks, '--oidc-jwks'), log);
  return fromFile(resolve(oidc.jwks), log, timing);
}

/** Whoever stands between us and the keys could sign for anybody. */
function requireSafe(address: string, flag: string): URL {
  const url = new URL(address);
  if (url.protocol === 'https:' || isLoopback(url.hostname.replace(/^\[|\]$/g, ''))) return url;
  throw new BadInputError(
    `${flag} ${address} is not https.`,
    'Give an https address: keys must come unchanged.',
  );
}

function discovered(issuer: string, log: Pick<Logger, 'warn'>): JWTVerifyGetKey {
  const ask = asking(log);
  let keys: Promise<JWTVerifyGetKey> | undefined;
  const find = async () => {
    const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const reply = await ask(address, { redirect: 'manual', signal: AbortSignal.timeout(ANSWER_MS) });
    const found = discovery.safeParse(reply.ok ? await reply.json().catch(() => undefined) : undefined);
    if (!found.success || found.data.issuer !== issuer) {
      log.warn({ address, status: reply.status }, 'no discovery document of the issuer');
      throw cannotTell('The token’s issuer has no usable discovery document.', 5);
    }
    return remote(requireSafe(found.data.jwks_uri, 'jwks_uri'), log);
  };
  return async (header, token) => {
    keys ??= find().catch((error: unknown) => {
      keys = undefined;
      throw error;
    });
    return (await keys)(header, token);
  };
}

function remote(url: URL, log: Pick<Logger, 'warn'>): JWTVerifyGetKey {
  return createRemoteJWKSet(url, {
    timeoutDuration: ANSWER_MS,
    cacheMaxAge: KEPT_MS,
    cooldownDuration: ROTATION_MS,
    [customFetch]: asking(log),
  });
}

/** Fetches, says in the log when that fails, and then leaves the provider alone for a moment. */
function asking(log: Pick<Logger, 'warn'>): (url: string, options: RequestInit) => Promise<Response> {
  let failedAt = -Infinity;
  return async (url, options) => {
    const failed = () => cannotTell('The token’s issuer does not answer.', 5);
    if (performance.now() - failedAt < PAUSE_MS) throw failed();
    try {
      const reply = await fetch(url, options);
      if (reply.status < 500) return reply;
      log.warn({ url, status: reply.status }, 'the issuer of tokens fails');
    } catch (error) {
      log.warn(
        { url, error: String((error as Error).cause ?? error) },
        'the issuer of tokens does not answer',
      );
    }
    failedAt = performance.now();
    throw failed();
  };
}

function fromFile(
  path: string,
  log: Pick<Logger, 'error' | 'info'>,
  timing?: { checkMs: number },
): JWTVerifyGetKey {
  const keys = jwkSet.transform((set) => createLocalJWKSet(set));
  const file = new WatchedFile(path, keys as unknown as z.ZodType<JWTVerifyGetKey>, log, timing);
  return async (header, token) => {
    const state = await file.state();
    if (state.kind !== 'read') throw cannotTell('The file of the issuer’s keys cannot be read.', 30);
    return state.value(header, token);
  };
}
