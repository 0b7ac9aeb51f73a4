import type { Home } from '../lake/home.ts';
import type { Credentials, Gate } from '../serving/gate.ts';
import { foreignRequest, ServingProblem } from '../serving/problem.ts';
import type { Caller, Role } from '../serving/service.ts';
import type { Logger } from '../stages/context.ts';
import { isLoopback } from '../tls/host-files.ts';
import { idOfApiKey } from './api-key.ts';
import { ApiKeys } from './api-keys.ts';
import { Certificates } from './certificates.ts';
import { requireSafeExposure } from './exposure.ts';
import { WrongCredentials, type Identity } from './identity.ts';
import type { AccessOptions } from './options.ts';
import { CallerRate, FailureRate } from './rates.ts';
import { mayDo } from './roles.ts';
import { readServingTls } from './tls-files.ts';
import { Tokens } from './tokens.ts';

const LOCAL: Caller = { name: 'local', role: 'admin', identity: 'claimed' };

/**
 * The gate before all doors of a process. It holds nothing open: files are looked at when somebody asks.
 * @throws BadInputError where the options would let in whom they should not
 */
export async function openGate(
  home: Home,
  options: AccessOptions,
  log: Logger,
  timing?: { checkMs: number },
): Promise<Gate> {
  const keys = new ApiKeys(home, log, timing);
  requireSafeExposure(options, await keys.standing());
  return new AccessGate(keys, options, log, timing);
}

/**
 * What opening the doors would refuse, said before any process is started for them.
 * @returns the options as all of these are to have them
 * @throws BadInputError
 */
export async function checkAccess(home: Home, options: AccessOptions, log: Logger): Promise<AccessOptions> {
  const standing = await new ApiKeys(home, log).standing();
  await openGate(home, options, log);
  if (options.tls) await readServingTls(options.tls);
  return { ...options, hadKeys: standing !== 'none' };
}

class AccessGate implements Gate {
  readonly #keys: ApiKeys;
  readonly #tokens: Tokens | undefined;
  readonly #certificates: Certificates | undefined;
  readonly #asksAlways: boolean;
  readonly #rate: CallerRate;
  readonly #failures: FailureRate;
  readonly #log: Logger;

  constructor(keys: ApiKeys, options: AccessOptions, log: Logger, timing?: { checkMs: number }) {
    const { oidc, certificateRoles, host, hadKeys } = options;
    this.#keys = keys;
    this.#tokens = oidc && new Tokens(oidc, log, timing);
    this.#certificates =
      certificateRoles === undefined ? undefined : new Certificates(certificateRoles, log, timing);
    this.#asksAlways = !isLoopback(host) || hadKeys || oidc !== undefined || certificateRoles !== undefined;
    this.#rate = new CallerRate(options);
    this.#failures = new FailureRate(options);
    this.#log = log;
  }

  async admit(credentials: Credentials, needed: Role): Promise<Caller> {
    if (await this.#asksNobody(credentials)) {
      if (credentials.foreign !== true) return LOCAL;
      throw foreignRequest();
    }
    const { caller, account } = await this.#identify(credentials);
    await this.#rate.spend(account);
    if (mayDo(caller.role, needed)) return caller;
    throw new ServingProblem(
      'PERMISSION_DENIED',
      `This needs the role ${needed}; the caller is ${caller.role}.`,
    );
  }

  /** On loopback, as long as nothing was set up to tell people apart. */
  async #asksNobody({ address }: Credentials): Promise<boolean> {
    if (this.#asksAlways) return false;
    return isLoopback(address.replace(/^::ffff:/i, '')) && (await this.#keys.standing()) === 'none';
  }

  async #identify(credentials: Credentials): Promise<Identity> {
    try {
      return await this.#proof(credentials);
    } catch (error) {
      if (error instanceof WrongCredentials) {
        const { address } = credentials;
        await this.#failures.check(address);
        if (await this.#failures.count(address)) {
          this.#log.warn({ address, why: error.message }, 'somebody is not who they say');
        }
      }
      throw error;
    }
  }

  /** What is said in a header counts; who says something wrong there is not saved by a certificate. */
  async #proof({ authorization, apiKey, certificate, address }: Credentials): Promise<Identity> {
    const bearer = authorization === undefined ? undefined : bearerOf(authorization);
    if (apiKey !== undefined && bearer !== undefined) {
      throw new WrongCredentials('Two headers say who this is: send x-api-key or authorization.');
    }
    const key = apiKey ?? (bearer !== undefined && idOfApiKey(bearer) !== undefined ? bearer : undefined);
    if (key !== undefined) return this.#keys.identify(key);
    if (bearer !== undefined) {
      if (!this.#tokens) throw new WrongCredentials('Tokens are not taken here, only API keys.');
      // Signatures are dear: who was wrong too often must wait before another is checked.
      if (!this.#tokens.isKnown(bearer)) await this.#failures.check(address);
      return this.#tokens.identify(bearer);
    }
    if (certificate !== undefined && this.#certificates) return this.#certificates.identify(certificate);
    throw new ServingProblem('UNAUTHENTICATED', `Say who you are: ${this.#ways().join(', or ')}.`);
  }

  #ways(): string[] {
    return [
      'an API key in the header x-api-key',
      ...(this.#tokens ? ['a token in the header authorization (Bearer)'] : []),
      ...(this.#certificates ? ['a client certificate'] : []),
    ];
  }
}

function bearerOf(authorization: string): string {
  const found = /^Bearer +(\S+)$/i.exec(authorization.trim());
  if (found) return found[1]!;
  throw new WrongCredentials('The header authorization must be `Bearer` and a token or key.');
}
