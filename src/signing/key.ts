import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { sha256 } from '../lake/canonical.ts';

/** What is signed says what for, so that a signature of one kind of thing is never one of another. */
export type Purpose = 'audit-head' | 'model-version' | 'caller';

export const keyId = z.string().regex(/^[0-9a-f]{16}$/, 'must be 16 hexadecimal digits');

/** Hexadecimal, for every spelling of the same bits but one would be a change that nobody finds. */
const hexSignature = z.string().regex(/^[0-9a-f]{128}$/, 'must be 128 hexadecimal digits');

export const signatureBy = z.strictObject({ keyId, signature: hexSignature });

/** `keys/home.pub.json`, and each file of `keys/trusted/`. */
export const publicKeyFile = z.strictObject({
  keyId,
  algorithm: z.literal('ed25519'),
  /** SPKI in DER, base64. */
  publicKey: z.string().min(1).max(200),
  createdAt: z.string(),
  /** former: this home's own key of earlier. */
  origin: z.enum(['own', 'former', 'imported']),
  note: z.string().max(500).default(''),
});
export type PublicKeyFile = z.infer<typeof publicKeyFile>;

export const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });

/** The first 16 hexadecimal digits of the hash of the public key. */
export const keyIdOf = (publicKey: KeyObject): string => sha256(spkiOf(publicKey)).slice(0, 16);

/** Undefined where it is no ed25519 key, or not the one that it is named after. */
export function publicKeyOf(file: PublicKeyFile): KeyObject | undefined {
  try {
    const key = createPublicKey({
      key: Buffer.from(file.publicKey, 'base64'),
      type: 'spki',
      format: 'der',
    });
    return key.asymmetricKeyType === 'ed25519' && keyIdOf(key) === file.keyId ? key : undefined;
  } catch {
    return undefined;
  }
}

const framed = (purpose: Purpose, bytes: string | Uint8Array) =>
  Buffer.concat([
    Buffer.from(`ringwatt ${purpose}\n`),
    typeof bytes === 'string' ? Buffer.from(bytes) : bytes,
  ]);

export const signBytes = (key: KeyObject, purpose: Purpose, bytes: string | Uint8Array): string =>
  sign(null, framed(purpose, bytes), key).toString('hex');

export const isSignedBy = (
  key: KeyObject,
  purpose: Purpose,
  bytes: string | Uint8Array,
  signature: string,
): boolean => verify(null, framed(purpose, bytes), key, Buffer.from(signature, 'hex'));
