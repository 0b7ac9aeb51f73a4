import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';

/** An OpenID provider on loopback that does what real ones do, and what they do on bad days. */
export async function openProvider() {
  const state = { keys: [] as JWK[], asked: 0, status: 200, issuer: '', discovered: 0 };
  const server = createServer((request, reply) => {
    const isDiscovery = request.url === '/.well-known/openid-configuration';
    if (isDiscovery) state.discovered++;
    else state.asked++;
    const body = isDiscovery ? { issuer: state.issuer, jwks_uri: `${own}/keys` } : { keys: state.keys };
    reply.writeHead(state.status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  state.issuer = own;
  return {
    state,
    issuer: own,
    async newKey(kid: string, alg = 'ES256'): Promise<CryptoKey> {
      const { publicKey, privateKey } = await generateKeyPair(alg);
      state.keys.push({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' });
      return privateKey;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface TokenParts {
  key: CryptoKey | Uint8Array;
  issuer: string;
  kid?: string;
  alg?: string;
  audience?: string;
  subject?: string;
  /** Seconds from now. */
  expires?: number | undefined;
  notBefore?: number;
  claims?: JWTPayload;
}

export async function token(parts: TokenParts): Promise<string> {
  const { key, issuer, kid = 'one', alg = 'ES256', audience = 'ringwatt', subject = 'alice' } = parts;
  const now = Math.floor(Date.now() / 1000);
  const jwt = new SignJWT({ roles: ['viewer'], ...parts.claims })
    .setProtectedHeader({ alg, kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(subject);
  if (!('expires' in parts) || parts.expires !== undefined)
    jwt.setExpirationTime(now + (parts.expires ?? 300));
  if (parts.notBefore !== undefined) jwt.setNotBefore(now + parts.notBefore);
  return jwt.sign(key);
}
