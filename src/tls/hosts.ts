import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { BadInputError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { TLS_FILES } from './host-files.ts';
import { openAuthority, type Authority } from './authority.ts';
import { makeCertificate } from './certificate.ts';
import { checkHosts } from './names.ts';
import { placeFolder, replaceFolder } from './place-folder.ts';

export interface CertificateOrder {
  hosts: readonly string[];
  /** The folder that gets one folder a host. */
  out: string;
  days: number;
  /** Replace what hosts have already; without it nothing is ever overwritten. */
  renew: boolean;
}

export interface HostCertificate {
  host: string;
  folder: string;
  goodUntil: string;
}

/** Makes a key and a certificate for every host, by the home's authority, which is made when there is none. */
export async function certifyHosts(home: Home, order: CertificateOrder) {
  const hosts = checkHosts(order.hosts);
  const there = await whoIsThere(order.out, hosts);
  if (there.length > 0 && !order.renew) {
    throw new BadInputError(
      `There are certificates in ${order.out} for ${there.join(', ')} already.`,
      'Leave those hosts out, or say --renew to give them new keys.',
    );
  }
  const authority = await openAuthority(home);
  const certificates: HostCertificate[] = [];
  for (const host of hosts) certificates.push(await certify(host, authority, order, there.includes(host)));
  return { authority: { folder: authority.folder, made: authority.made }, certificates };
}

async function certify(
  host: string,
  { ca, goodUntil, signer }: Authority,
  { out, days }: CertificateOrder,
  replace: boolean,
): Promise<HostCertificate> {
  const folder = join(out, host);
  const { cert, key } = await makeCertificate({
    name: host,
    days,
    notAfter: goodUntil,
    host: { addresses: [host], signer },
  });
  const files = { [TLS_FILES.ca]: ca, [TLS_FILES.cert]: cert, [TLS_FILES.key]: key };
  if (replace) await replaceFolder(folder, files);
  else if (!(await placeFolder(folder, files))) {
    throw new BadInputError(
      `Somebody else has just written ${folder}.`,
      'Look at what is there, then try again.',
    );
  }
  const end = Math.min(Date.now() + days * 86_400_000, goodUntil.getTime());
  return { host, folder, goodUntil: new Date(end).toISOString().slice(0, 10) };
}

async function whoIsThere(out: string, hosts: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    hosts.map((host) => access(join(out, host)).then(() => [host], () => [])), // prettier-ignore
  );
  return found.flat();
}
