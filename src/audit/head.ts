import { auditHead, type AuditHead } from '../contracts/audit.ts';
import { CorruptArtifactError } from '../errors.ts';
import { writeFileAtomic } from '../lake/atomic-write.ts';
import { canonicalJson } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { jsonOf, textIfThere } from '../lake/text-file.ts';
import { ownKeys, type HomeKey } from '../signing/home-key.ts';
import { isSignedBy, signatureBy } from '../signing/key.ts';
import { HEAD_URI } from './chain.ts';

export type HeadState = Omit<AuditHead, 'keyId' | 'signature' | 'formatVersion'>;

/** The head, checked against the home's own keys; undefined when there is none. */
export async function readHead(home: Home): Promise<AuditHead | undefined> {
  const text = await textIfThere(home.path(HEAD_URI));
  if (text === undefined) return undefined;
  const head = parsed(text);
  const { signature, ...signed } = head;
  const by = signatureBy.safeParse({ keyId: head.keyId, signature });
  const key = (await ownKeys(home)).get(head.keyId);
  if (!by.success || !key) throw untrue(`it is signed by ${head.keyId}, which is no key of this home`);
  if (!isSignedBy(key, 'audit-head', canonicalJson(signed), signature)) {
    throw untrue('its signature is not of what it says');
  }
  return head;
}

export async function writeHead(home: Home, key: HomeKey, state: HeadState): Promise<void> {
  const signed = { formatVersion: 1 as const, ...state, keyId: key.keyId };
  const head = { ...signed, signature: key.sign('audit-head', canonicalJson(signed)) };
  await writeFileAtomic(home.path(HEAD_URI), `${canonicalJson(head)}\n`);
}

function parsed(text: string): AuditHead {
  const json = jsonOf(text);
  if (json === undefined) throw untrue('it is not JSON');
  const found = auditHead.safeParse(json);
  if (!found.success) throw untrue('it has other fields');
  if (`${canonicalJson(found.data)}\n` !== text) throw untrue('it is not spelled as it was written');
  return found.data;
}

const untrue = (what: string) =>
  new CorruptArtifactError(
    `${HEAD_URI} is not the head that this home signed: ${what}.`,
    'Somebody changed it: compare the folder audit/ with a backup, and restore it from there.',
  );
