import type { Home } from '../lake/home.ts';
import type { Logger } from '../stages/context.ts';
import { idOfApiKey, isKeyOf, type ApiKeyRecord } from './api-key.ts';
import { cannotTell, WrongCredentials, type Identity } from './identity.ts';
import { API_KEYS_URI, apiKeyFile, isGood } from './key-file.ts';
import { WatchedFile } from './watched-file.ts';

const byId = apiKeyFile.transform(({ keys }) => new Map(keys.map((key) => [key.id, key])));

/** The keys of the home, as they are now. */
export class ApiKeys {
  readonly #file: WatchedFile<Map<string, ApiKeyRecord>>;

  constructor(home: Home, log: Pick<Logger, 'error' | 'info'>, timing?: { checkMs: number }) {
    this.#file = new WatchedFile(home.path(API_KEYS_URI), byId, log, timing);
  }

  /**
   * `none` only where there never was a file: a list whose last key was revoked, and one that is damaged, are there to
   * keep people out.
   */
  async standing(): Promise<'none' | 'some good' | 'none good'> {
    const state = await this.#file.state();
    if (state.kind === 'absent') return 'none';
    if (state.kind === 'damaged') return 'none good';
    const now = new Date();
    return [...state.value.values()].some((record) => isGood(record, now)) ? 'some good' : 'none good';
  }

  /** @throws ServingProblem UNAUTHENTICATED; UNAVAILABLE while the file is damaged */
  async identify(key: string): Promise<Identity> {
    const id = idOfApiKey(key);
    let state = await this.#file.state();
    // One that was made just now opens at once.
    if (id !== undefined && !(state.kind === 'read' && state.value.has(id)))
      state = await this.#file.stateNow();
    if (state.kind === 'damaged') throw cannotTell('The list of API keys is damaged.', 30);
    const record = state.kind === 'read' && id !== undefined ? state.value.get(id) : undefined;
    // Whether an id exists, or was revoked, is told only to who has the secret.
    if (!record || !isKeyOf(record, key)) throw new WrongCredentials('This API key is not known here.');
    if (record.revoked !== null) throw new WrongCredentials('This API key was revoked.');
    if (!isGood(record, new Date())) {
      throw new WrongCredentials(`This API key expired at ${record.expires}: ask for a new one.`);
    }
    const { name, role } = record;
    return { caller: { name, role, identity: 'authenticated' }, account: `key ${record.id}` };
  }
}
