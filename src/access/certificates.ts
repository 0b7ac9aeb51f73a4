import { resolve } from 'node:path';
import { ServingProblem } from '../serving/problem.ts';
import type { Logger } from '../stages/context.ts';
import { cannotTell, safeName, type Identity } from './identity.ts';
import { roleFile, type RoleFile } from './roles.ts';
import { WatchedFile } from './watched-file.ts';

/** Client certificates, which TLS has verified against `clientCa` before anybody asks here. */
export class Certificates {
  readonly #roles: WatchedFile<RoleFile>;

  constructor(path: string, log: Pick<Logger, 'error' | 'info'>, timing?: { checkMs: number }) {
    this.#roles = new WatchedFile(resolve(path), roleFile, log, timing);
  }

  /** @throws ServingProblem PERMISSION_DENIED of a name without a role; UNAVAILABLE while the file is damaged */
  async identify(commonName: string): Promise<Identity> {
    const state = await this.#roles.state();
    if (state.kind !== 'read') throw cannotTell('The file of certificates’ roles cannot be read.', 30);
    const role = state.value.get(commonName);
    if (role === undefined) {
      throw new ServingProblem('PERMISSION_DENIED', 'The client certificate has no role here.');
    }
    const caller = { name: safeName(commonName), role, identity: 'authenticated' as const };
    return { caller, account: `certificate ${commonName}` };
  }
}
