import { createHash } from 'node:crypto';
import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';
import { resolve } from 'node:path';
import { ServingProblem } from '../serving/problem.ts';
import type { Logger } from '../stages/context.ts';
import { cannotTell, safeName, WrongCredentials, type Identity } from './identity.ts';
import type { AccessOptions } from './options.ts';
import { highest, OWN_NAMES, roleFile, type RoleFile } from './roles.ts';
import { tokenKeys } from './token-keys.ts';
import { WatchedFile } from './watched-file.ts';

type Oidc = NonNullable<AccessOptions['oidc']>;

/** Signatures by a private key, and nothing else: `none` proves nothing, and with HS the public key would sign. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
/** By how much clocks may differ. */
const TOLERANCE_S = 30;
/** A token that was checked is not checked again for so long: a signature costs as much as a small prediction. */
const REMEMBERED_MS = 30_000;
/** Longer than any token that fits a request's headers. */
const LONGEST_TOKEN = 16_384;

interface Checked {
  identity: Omit<Identity, 'caller'> & { name: string };
  claims: JWTPayload;
}

/** Tokens (JWT) of one issuer. */
export class Tokens {
  readonly #oidc: Oidc;
  readonly #keys: JWTVerifyGetKey;
  readonly #roles: WatchedFile<RoleFile> | undefined;
  /** By hash: whoever reads the memory of this process finds no token here. */
  readonly #checked = new LRUCache<string, Checked>({ max: 4096, ttl: REMEMBERED_MS });

  constructor(oidc: Oidc, log: Pick<Logger, 'error' | 'info' | 'warn'>, timing?: { checkMs: number }) {
    this.#oidc = oidc;
    this.#keys = tokenKeys(oidc, log, timing);
    if (oidc.rolesFile !== undefined) {
      this.#roles = new WatchedFile(resolve(oidc.rolesFile), roleFile, log, timing);
    }
  }

  /** Whether it was found good a moment ago, so that asking again costs nothing. */
  isKnown(token: string): boolean {
    return this.#checked.has(nameOf(token));
  }

  /** @throws ServingProblem UNAUTHENTICATED, PERMISSION_DENIED, or UNAVAILABLE while nobody can tell */
  async identify(token: string): Promise<Identity> {
    const name = nameOf(token);
    const known = this.#checked.get(name);
    const checked = known !== undefined && !isOver(known.claims) ? known : await this.#check(token);
    if (checked !== known) this.#checked.set(name, checked);
    const { identity, claims } = checked;
    const role = highest(await this.#rolesOf(claims));
    if (role === undefined) {
      throw new ServingProblem(
        'PERMISSION_DENIED',
        `The token's claim ${this.#oidc.roleClaim} holds no role that counts here.`,
      );
    }
    return { caller: { name: identity.name, role, identity: 'authenticated' }, account: identity.account };
  }

  async #check(token: string): Promise<Checked> {
    if (token.length > LONGEST_TOKEN) throw new WrongCredentials('The token is too long.');
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        issuer: this.#oidc.issuer,
        audience: this.#oidc.audience,
        algorithms: ALGORITHMS,
        clockTolerance: TOLERANCE_S,
        requiredClaims: ['exp', 'sub'],
      });
      if (typeof payload.sub !== 'string' || payload.sub === '') {
        throw new WrongCredentials('The token names no subject.');
      }
      return {
        identity: { name: safeName(payload.sub), account: `token ${payload.sub}` },
        claims: payload,
      };
    } catch (error) {
      throw problemOf(error);
    }
  }

  async #rolesOf(claims: JWTPayload) {
    let names = OWN_NAMES;
    if (this.#roles) {
      const state = await this.#roles.state();
      if (state.kind !== 'read') throw cannotTell('The file of roles cannot be read.', 30);
      names = state.value;
    }
    const values = [claimOf(claims, this.#oidc.roleClaim)].flat();
    return values.flatMap((value) => (typeof value === 'string' ? (names.get(value) ?? []) : []));
  }
}

const nameOf = (token: string) => createHash('sha256').update(token).digest('base64');

const isOver = ({ exp = 0 }: JWTPayload) => Date.now() / 1000 >= exp + TOLERANCE_S;

/** The claim of exactly this name (Auth0 names them by URL), else the one that dots lead to. */
function claimOf(claims: JWTPayload, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let found: unknown = claims;
  for (const part of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined;
    found = (found as Record<string, unknown>)[part];
  }
  return found;
}

/** Of what is wrong only the kind is told: messages of the library quote claims. */
function problemOf(error: unknown): ServingProblem {
  if (error instanceof ServingProblem) return error;
  if (error instanceof errors.JWTExpired) return new WrongCredentials('The token has expired.');
  if (error instanceof errors.JWTClaimValidationFailed) {
    return new WrongCredentials(`The token's claim ${safeName(error.claim)} is not what is asked for here.`);
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return new WrongCredentials('The token is signed by an algorithm that is not taken.');
  }
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed) {
    return new WrongCredentials('The token is not signed by a key of its issuer.');
  }
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) {
    return cannotTell('The token’s issuer does not tell its keys.', 5);
  }
  // Of the key set's reply jose throws its base class; of tokens always one of the kinds below it.
  if (error instanceof errors.JOSEError && error.constructor === errors.JOSEError) {
    return cannotTell('The token’s issuer does not tell its keys.', 5);
  }
  return new WrongCredentials('This is no token that can be checked.');
}
