import type { Command } from 'commander';
import { join, resolve } from 'node:path';
import { BadInputError } from '../../errors.ts';
import { defineVerb, integer, list } from '../flags.ts';
import { perform, type Answer, type Session } from '../session.ts';

/** A year: long enough to be no chore, short enough that a lost key is not good for ever. */
const DAYS = 365;

interface Options {
  hosts?: string[];
  server?: string[];
  out?: string;
  days: number;
  renew?: boolean;
}

export function defineCerts(program: Command): void {
  defineVerb(
    program,
    'certs',
    'Make the certificates that slots on several hosts, and the doors of `serve`, prove themselves with, by an authority of your own.',
    [
      'certs --hosts alpha,beta.example,10.0.0.2',
      'certs --hosts alpha --renew --days 90',
      'certs --server forecasts.example,localhost,127.0.0.1',
    ],
  )
    .option('--hosts <names>', 'hosts of slots, as RINGWATT_SLOT_HOST names them there', list)
    .option(
      '--server <names>',
      'instead: one certificate for `serve`, for all names that clients call it by',
      list,
    )
    .option(
      '--out <folder>',
      'where each host gets a folder (default: RINGWATT_TLS, else tls in the home); with --server the folder itself (default: serving/tls in the home)',
    )
    .option('--days <days>', 'how long the certificates are good', integer, DAYS)
    .option('--renew', 'new keys for those that have certificates; without it nothing is overwritten')
    .action(
      perform<Options>((session, { hosts, server, out, days, renew = false }) => {
        if (days < 1 || days > 3650) {
          throw new BadInputError(`--days ${days} is out of range.`, 'Give 1 to 3650.');
        }
        if ((hosts === undefined) === (server === undefined)) {
          throw new BadInputError('Certificates are for hosts or for a server.', 'Say --hosts or --server.');
        }
        return hosts
          ? forHosts(session, hosts, { out, days, renew })
          : forServer(session, server!, { out, days, renew });
      }),
    );
}

interface Order {
  out: string | undefined;
  days: number;
  renew: boolean;
}

async function forHosts(session: Session, hosts: string[], order: Order): Promise<Answer> {
  const home = await session.home();
  const { certifyHosts } = await import('../../tls/hosts.ts');
  const { tlsFolder } = await import('../../tls/folder.ts');
  const out = resolve(order.out ?? tlsFolder(session.config));
  const { authority, certificates } = await certifyHosts(home, { ...order, hosts, out });
  const text = [
    saysOf(authority),
    ...certificates.map(({ host, folder, goodUntil }) => `${host}: ${folder}, good until ${goodUntil}`),
    'Each host needs its own folder, and no other, under its RINGWATT_TLS (default: tls in its home).',
    'Hosts that share this home have it there already.',
  ];
  return { json: { authority, certificates }, text };
}

async function forServer(session: Session, hosts: string[], order: Order): Promise<Answer> {
  const home = await session.home();
  const { certifyServer } = await import('../../tls/server.ts');
  const out = resolve(order.out ?? home.path('serving/tls'));
  const made = await certifyServer(home, { ...order, hosts, out });
  const text = [
    saysOf(made.authority),
    `${made.names.join(', ')}: ${out}, good until ${made.goodUntil}`,
    `serve --tls-cert ${join(out, 'cert.pem')} --tls-key ${join(out, 'key.pem')}`,
    `Clients trust it by ${join(out, 'ca.pem')}.`,
  ];
  return { json: made, text };
}

const saysOf = ({ made, folder }: { made: boolean; folder: string }) =>
  `${made ? 'made' : 'used'} the authority in ${folder}: its key stays there, nobody else needs it`;
