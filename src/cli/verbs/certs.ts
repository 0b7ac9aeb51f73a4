import type { Command } from 'commander';
import { resolve } from 'node:path';
import { BadInputError } from '../../errors.ts';
import { defineVerb, integer, list } from '../flags.ts';
import { perform } from '../session.ts';

/** A year: long enough to be no chore, short enough that a lost key is not good for ever. */
const DAYS = 365;

export function defineCerts(program: Command): void {
  defineVerb(
    program,
    'certs',
    'Make the certificates that slots on several hosts prove themselves with, by an authority of your own.',
    ['certs --hosts alpha,beta.example,10.0.0.2', 'certs --hosts alpha --renew --days 90'],
  )
    .requiredOption('--hosts <names>', 'the hosts, as RINGWATT_SLOT_HOST names them there', list)
    .option('--out <folder>', 'where each host gets a folder (default: RINGWATT_TLS, else tls in the home)')
    .option('--days <days>', 'how long the certificates are good', integer, DAYS)
    .option('--renew', 'new keys for hosts that have certificates; without it nothing is overwritten')
    .action(
      perform<{ hosts: string[]; out?: string; days: number; renew?: boolean }>(async (session, options) => {
        const { hosts, days, renew = false } = options;
        if (days < 1 || days > 3650) {
          throw new BadInputError(`--days ${days} is out of range.`, 'Give 1 to 3650.');
        }
        const home = await session.home();
        const { certifyHosts } = await import('../../tls/hosts.ts');
        const { tlsFolder } = await import('../../tls/folder.ts');
        const out = resolve(options.out ?? tlsFolder(session.config));
        const { authority, certificates } = await certifyHosts(home, { hosts, out, days, renew });
        const text = [
          `${authority.made ? 'made' : 'used'} the authority in ${authority.folder}: its key stays there, no host needs it`,
          ...certificates.map(({ host, folder, goodUntil }) => `${host}: ${folder}, good until ${goodUntil}`),
          'Each host needs its own folder, and no other, under its RINGWATT_TLS (default: tls in its home).',
          'Hosts that share this home have it there already.',
        ];
        return { json: { authority, certificates }, text };
      }),
    );
}
