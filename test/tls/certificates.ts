import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import type { RingTls } from '../../src/tls/host-files.ts';
import { makeCertificate, readSigner } from '../../src/tls/certificate.ts';

/** An authority that makes whatever a test needs, good or bad, in memory. */
export async function testAuthority() {
  const name = `test authority ${randomBytes(4).toString('hex')}`;
  const own = await makeCertificate({ name, days: 1 });
  const spki = new X509Certificate(own.cert).publicKey.export({ type: 'spki', format: 'der' });
  const signer = await readSigner(name, own.key, spki);
  return {
    ca: own.cert,
    issue: async (address: string, days = 1): Promise<RingTls> => {
      const made = await makeCertificate({ name: address, days, host: { addresses: [address], signer } });
      return { ca: own.cert, ...made };
    },
  };
}

/** The files of a host, as they lie in a folder; `mode` is the key's. */
export async function hostFolder(host: string, files: Partial<RingTls>, mode = 0o600): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ringwatt-tls-'));
  made.push(folder);
  await mkdir(join(folder, host));
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, host, `${name}.pem`), text, { mode: name === 'key' ? mode : 0o600 });
  }
  return folder;
}

const made: string[] = [];
after(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true }))));
