import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { sha256Hex } from '../contracts/artifact.ts';
import { role } from './roles.ts';

/** As it stands in the home: nothing here lets anybody in, and nothing shows a part of the secret. */
export const apiKeyRecord = z.strictObject({
  id: z.string().regex(/^[a-z0-9]{8}$/),
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,59}$/i),
  role,
  /** ISO 8601, UTC, as all times here. */
  created: z.iso.datetime(),
  createdBy: z.string(),
  expires: z.iso.datetime().nullable(),
  revoked: z.iso.datetime().nullable(),
  hash: sha256Hex,
});
export type ApiKeyRecord = z.infer<typeof apiKeyRecord>;

const SECRET_BYTES = 32;
const SHAPE = /^rw_([a-z0-9]{8})_[A-Za-z0-9_-]{43}$/;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

export const newKeyId = (): string =>
  Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join('');

/** `rw_<id>_<secret>`: the id finds the record, and the prefix lets scanners of sources find keys that were checked in. */
export const newApiKey = (id: string): string =>
  `rw_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`;

/**
 * A fast hash is right here: the secret is 256 random bits, which nobody finds by trying, however fast. Slow hashes
 * (scrypt, argon2) are for what people make up; they would cost each request tens of milliseconds and whoever knocks
 * could make the server pay them.
 */
export const hashOfApiKey = (key: string): string => createHash('sha256').update(key).digest('hex');

/** The id in a key of ours, undefined where it has another shape. */
export const idOfApiKey = (key: string): string | undefined => SHAPE.exec(key)?.[1];

/** Takes the same time wherever two hashes differ. */
export function isKeyOf(record: ApiKeyRecord, key: string): boolean {
  const hash = createHash('sha256').update(key).digest();
  return timingSafeEqual(hash, Buffer.from(record.hash, 'hex'));
}
