import { z } from 'zod';
import { UntrustedError } from '../errors.ts';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import { MODEL_FILE_CURE } from '../lake/artifacts.ts';
import { canonicalJson } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { jsonOf, textIfThere } from '../lake/text-file.ts';
import { homeKey, trustedKeys } from '../signing/home-key.ts';
import { isSignedBy, signatureBy } from '../signing/key.ts';
import { versionFolder } from './layout.ts';

/** `models/<name>/<version>/signature.json`: over the bytes of `version.json`, which holds the hash of every file. */
const versionSignature = z.strictObject({ formatVersion: z.literal(1), ...signatureBy.shape });

export const SIGNATURE_FILE = 'signature.json';

interface Named {
  name: string;
  version: number;
}

/** The signature of a record by this home, as its file has it. */
export async function signatureText(home: Home, record: string | Uint8Array): Promise<string> {
  const key = await homeKey(home);
  const signature = key.sign('model-version', record);
  return `${canonicalJson({ formatVersion: 1, keyId: key.keyId, signature })}\n`;
}

/** Signs a version that is there already. Whoever asks for it has checked where it comes from. */
export async function signRecord(home: Home, named: Named, record: Uint8Array): Promise<string> {
  await writeFileAtomic(home.path(uriOf(named)), await signatureText(home, record));
  return (await homeKey(home)).keyId;
}

export type SignatureState =
  | { state: 'signed'; keyId: string }
  | { state: 'unsigned' }
  | { state: 'unknown-key'; keyId: string }
  | { state: 'false' };

/** Whose signature a version bears, and whether it is one of this record by a key that this home trusts. */
export async function signatureState(home: Home, named: Named, record: Uint8Array): Promise<SignatureState> {
  const text = await textIfThere(home.path(uriOf(named)));
  if (text === undefined) return { state: 'unsigned' };
  const found = versionSignature.safeParse(jsonOf(text));
  if (!found.success) return { state: 'false' };
  const { keyId, signature } = found.data;
  const key = (await trustedKeys(home)).get(keyId);
  if (!key) return { state: 'unknown-key', keyId };
  return isSignedBy(key, 'model-version', record, signature)
    ? { state: 'signed', keyId }
    : { state: 'false' };
}

/** Before a model is loaded: refuses one that nobody whom this home trusts vouches for. */
export async function requireSignature(home: Home, named: Named, record: Uint8Array): Promise<void> {
  const { name, version } = named;
  const found = await signatureState(home, named, record);
  const which = `Version ${version} of ${name}`;
  const sign = `\`models sign ${name} ${version}\``;
  if (found.state === 'unsigned') {
    throw new UntrustedError(
      `${which} is not signed.`,
      `Where it comes from this home of before versions were signed, or from elsewhere and you have checked it: ${sign}.`,
    );
  }
  if (found.state === 'unknown-key') {
    throw new UntrustedError(
      `${which} is signed by the key ${found.keyId}, which this home does not trust.`,
      `Get that key's public half from whoever made the model, and \`models trust FILE\`; or check the model and ${sign}.`,
    );
  }
  if (found.state === 'false') {
    throw new UntrustedError(`${which} bears a signature of another record than its own.`, MODEL_FILE_CURE);
  }
}

const uriOf = ({ name, version }: Named) => `${versionFolder(name, version)}/${SIGNATURE_FILE}`;
