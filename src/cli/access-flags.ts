import { resolve } from 'node:path';
import type { Command } from 'commander';
import { accessOptions, type AccessOptions } from '../access/options.ts';
import { BadInputError, describeIssues } from '../errors.ts';
import { integer } from './flags.ts';

export interface AccessFlags {
  tlsCert?: string;
  tlsKey?: string;
  tlsClientCa?: string;
  certificateRoles?: string;
  insecurePlaintext?: boolean;
  oidcIssuer?: string;
  oidcAudience?: string;
  oidcJwks?: string;
  oidcRoleClaim?: string;
  oidcRoles?: string;
  requestsPerMinute?: number;
  burst?: number;
}

/** Who is let in by the doors of `serve`: docs/security.md. */
export function addAccessFlags(command: Command): Command {
  return command
    .option(
      '--tls-cert <file>',
      'PEM file of the certificate that the doors show; `certs --server` makes one',
    )
    .option('--tls-key <file>', 'PEM file of its key')
    .option('--tls-client-ca <file>', 'PEM file of the authorities that clients must have a certificate of')
    .option('--certificate-roles <file>', 'JSON file: common name of a client certificate to role')
    .option('--insecure-plaintext', 'no TLS off loopback: only behind a proxy that does it')
    .option('--oidc-issuer <url>', 'take tokens (JWT) of this issuer')
    .option('--oidc-audience <name>', 'that tokens must be made for')
    .option('--oidc-jwks <place>', "URL or file of the issuer's keys (default: its discovery document says)")
    .option('--oidc-role-claim <name>', 'the claim that holds roles (default: roles)')
    .option('--oidc-roles <file>', 'JSON file: value of that claim to role (default: the names of our roles)')
    .option('--requests-per-minute <count>', 'of one key, token or certificate (default: 6000)', integer)
    .option('--burst <count>', 'how many more than evenly within a minute (default: 600)', integer);
}

/** @throws BadInputError naming the flag that is wrong or missing */
export function accessOptionsOf(flags: AccessFlags, host: string): AccessOptions {
  together(flags, 'tlsCert', 'tlsKey');
  together(flags, 'oidcIssuer', 'oidcAudience');
  needs(flags, 'tlsClientCa', 'tlsCert');
  for (const name of ['oidcJwks', 'oidcRoleClaim', 'oidcRoles'] as const) needs(flags, name, 'oidcIssuer');
  const { tlsCert, tlsKey, tlsClientCa, oidcIssuer, oidcAudience, oidcJwks, oidcRoleClaim, oidcRoles } =
    flags;
  const parsed = accessOptions.safeParse({
    host,
    insecurePlaintext: flags.insecurePlaintext,
    tls:
      tlsCert === undefined
        ? undefined
        : { cert: path(tlsCert), key: path(tlsKey), clientCa: path(tlsClientCa) },
    certificateRoles: path(flags.certificateRoles),
    oidc:
      oidcIssuer === undefined
        ? undefined
        : {
            issuer: oidcIssuer,
            audience: oidcAudience,
            jwks: oidcJwks,
            roleClaim: oidcRoleClaim,
            rolesFile: path(oidcRoles),
          },
    requestsPerMinute: flags.requestsPerMinute,
    burst: flags.burst,
  });
  if (parsed.success) return parsed.data;
  throw new BadInputError(
    `What was said of access is wrong: ${describeIssues(parsed.error.issues)}.`,
    'See `serve --help` and docs/security.md.',
  );
}

/** As of the folder that the command was given in. */
const path = (given: string | undefined) => (given === undefined ? undefined : resolve(given));

function together(flags: AccessFlags, one: keyof AccessFlags, other: keyof AccessFlags): void {
  needs(flags, one, other);
  needs(flags, other, one);
}

function needs(flags: AccessFlags, given: keyof AccessFlags, wanted: keyof AccessFlags): void {
  if (flags[given] === undefined || flags[wanted] !== undefined) return;
  throw new BadInputError(`${flagOf(given)} needs ${flagOf(wanted)}.`, `Say ${flagOf(wanted)} too.`);
}

const flagOf = (name: string) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
