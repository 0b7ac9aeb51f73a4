import { z } from 'zod';
import { appendAudit } from '../audit/append.ts';
import { BadInputError, CorruptArtifactError, MissingDataError, quoted } from '../errors.ts';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import { withLock } from '../lake/file-lock.ts';
import type { Home } from '../lake/home.ts';
import { readDocument } from '../lake/text-file.ts';
import type { Role } from '../serving/service.ts';
import { apiKeyRecord, hashOfApiKey, newApiKey, newKeyId, type ApiKeyRecord } from './api-key.ts';

export const API_KEYS_URI = 'serving/api-keys.json';

export const apiKeyFile = z.strictObject({ formatVersion: z.literal(1), keys: z.array(apiKeyRecord) });

/** Who asks for it, for the audit. */
export interface By {
  by: string;
  reason: string;
}

export interface NewApiKey {
  name: string;
  role: Role;
  /** Absent: until it is revoked. */
  expires?: Date | undefined;
}

export async function listApiKeys(home: Home): Promise<ApiKeyRecord[]> {
  return (await read(home)).keys;
}

/** The key itself is in the answer and nowhere else. */
export async function createApiKey(
  home: Home,
  { name, role, expires }: NewApiKey,
  by: By,
): Promise<{ key: string; record: ApiKeyRecord }> {
  return change(home, async (file) => {
    const now = new Date();
    if (!apiKeyRecord.shape.name.safeParse(name).success) {
      throw new BadInputError(
        `${quoted(name)} is no name of a key.`,
        'Use at most 60 letters, digits, dots, dashes and underscores, with a letter or digit first.',
      );
    }
    if (expires !== undefined && expires <= now) {
      throw new BadInputError('The key would have expired already.', 'Give a time ahead, such as 90d.');
    }
    if (file.keys.some((each) => each.name === name && isGood(each, now))) {
      throw new BadInputError(
        `There is a key named ${name} already.`,
        'Name this one otherwise, so that the log tells them apart, or revoke that one first.',
      );
    }
    const id = newKeyId();
    const key = newApiKey(id);
    const record: ApiKeyRecord = {
      id,
      name,
      role,
      created: now.toISOString(),
      createdBy: by.by,
      expires: expires?.toISOString() ?? null,
      revoked: null,
      hash: hashOfApiKey(key),
    };
    // Told first: a key that nobody knows of is worse than a line about a key that did not come to be.
    await tell(home, 'api-key-created', record, by);
    return { file: { ...file, keys: [...file.keys, record] }, result: { key, record } };
  });
}

/** From the next look at the file on, a quarter of a second later at most, the key opens nothing. */
export async function revokeApiKey(home: Home, id: string, by: By): Promise<ApiKeyRecord> {
  const revoked = await change(home, async (file) => {
    const found = file.keys.find((each) => each.id === id);
    if (!found) {
      throw new MissingDataError(`There is no key ${quoted(id)}.`, '`ringwatt api-key list` shows the ids.');
    }
    if (found.revoked !== null) {
      throw new BadInputError(`The key ${id} was revoked at ${found.revoked}.`, 'There is nothing to do.');
    }
    const record = { ...found, revoked: new Date().toISOString() };
    const keys = file.keys.map((each) => (each.id === id ? record : each));
    return { file: { ...file, keys }, result: record };
  });
  // Told last: trouble with the audit must not keep a lost key alive.
  await tell(home, 'api-key-revoked', revoked, by);
  return revoked;
}

export const isGood = ({ revoked, expires }: Pick<ApiKeyRecord, 'revoked' | 'expires'>, now: Date): boolean =>
  revoked === null && (expires === null || new Date(expires) > now);

type ApiKeyFile = z.infer<typeof apiKeyFile>;

function change<T>(
  home: Home,
  work: (file: ApiKeyFile) => Promise<{ file: ApiKeyFile; result: T }>,
): Promise<T> {
  const path = home.path(API_KEYS_URI);
  return withLock(path, "the home's API keys", async () => {
    const { file, result } = await work(await read(home));
    await writeFileAtomic(path, `${JSON.stringify(file, undefined, 2)}\n`);
    return result;
  });
}

async function read(home: Home): Promise<ApiKeyFile> {
  const found = await readDocument(home, API_KEYS_URI, apiKeyFile, (what) => {
    return new CorruptArtifactError(
      `${API_KEYS_URI} is no list of API keys: ${what}.`,
      'Restore it from a backup, or remove it and make all keys anew; until then it lets nobody in.',
    );
  });
  return found ?? { formatVersion: 1, keys: [] };
}

async function tell(home: Home, what: string, { id, name, role, expires }: ApiKeyRecord, { by, reason }: By) {
  await appendAudit(home, {
    at: new Date().toISOString(),
    who: by,
    identity: 'claimed',
    what,
    subject: `api-key/${id}`,
    why: reason,
    from: 'cli',
    details: { name, role, expires },
  });
}
