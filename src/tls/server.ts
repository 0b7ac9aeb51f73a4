import { access } from 'node:fs/promises';
import { BadInputError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { openAuthority } from './authority.ts';
import { makeCertificate } from './certificate.ts';
import { TLS_FILES } from './host-files.ts';
import type { CertificateOrder } from './hosts.ts';
import { checkHosts } from './names.ts';
import { placeFolder, replaceFolder } from './place-folder.ts';

/**
 * One certificate for all names and addresses that clients reach the doors of `serve` by, of the home's authority:
 * clients are given its `ca.pem`. The same folder counts for all doors.
 */
export async function certifyServer(
  home: Home,
  { hosts, out, days, renew }: CertificateOrder,
): Promise<{
  authority: { folder: string; made: boolean };
  folder: string;
  names: string[];
  goodUntil: string;
}> {
  const names = checkHosts(hosts);
  const isThere = await access(out).then(() => true, () => false); // prettier-ignore
  if (isThere && !renew) {
    throw new BadInputError(
      `There is a certificate in ${out} already.`,
      'Say --renew to replace it, or --out to name another folder.',
    );
  }
  const { ca, folder, made, goodUntil, signer } = await openAuthority(home);
  const { cert, key } = await makeCertificate({
    name: names[0]!,
    days,
    notAfter: goodUntil,
    host: { addresses: names, signer },
  });
  const files = { [TLS_FILES.ca]: ca, [TLS_FILES.cert]: cert, [TLS_FILES.key]: key };
  if (isThere) await replaceFolder(out, files);
  else if (!(await placeFolder(out, files))) {
    throw new BadInputError(
      `Somebody else has just written ${out}.`,
      'Look at what is there, then try again.',
    );
  }
  const end = Math.min(Date.now() + days * 86_400_000, goodUntil.getTime());
  return {
    authority: { folder, made },
    folder: out,
    names,
    goodUntil: new Date(end).toISOString().slice(0, 10),
  };
}
