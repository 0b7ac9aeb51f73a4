import type { Command } from 'commander';
import type { ApiKeyRecord } from '../../access/api-key.ts';
import { BadInputError, quoted } from '../../errors.ts';
import { ROLES, type Role } from '../../serving/service.ts';
import { claim, type ClaimFlags } from '../claim.ts';
import { defineVerb } from '../flags.ts';
import { perform, type Answer, type Session } from '../session.ts';
import { table } from '../table.ts';

interface Options extends ClaimFlags {
  role?: string;
  expires?: string;
}

type Work = (session: Session, options: Options, which: string | undefined) => Promise<Answer>;
const WORK: Record<string, Work> = { create, list, revoke };

export function defineApiKey(program: Command): void {
  defineVerb(
    program,
    'api-key <what> [which]',
    'Keys that programs call `serve` with: `create` one by a name, `list` them, `revoke` one by its id.',
    [
      'api-key create energy-desk --role viewer --expires 90d',
      'api-key list',
      'api-key revoke k3v9x2ab --reason "left the team"',
    ],
  )
    .option('--role <role>', `create: ${ROLES.join(', ')}; each may do what those before it may`)
    .option('--expires <time>', 'create: after so long, such as 90d or 12h (default: when it is revoked)')
    .option('--by <who>', 'who asks (default: the name of this user)')
    .option('--reason <text>', 'kept in the audit')
    .action(
      perform<Options>((session, options, [what = '', which]) => {
        const work = Object.hasOwn(WORK, what) ? WORK[what] : undefined;
        if (!work) {
          const known = Object.keys(WORK).join(', ');
          throw new BadInputError(`Keys cannot be asked to ${quoted(what)}.`, `Use one of ${known}.`);
        }
        for (const flag of ['role', 'expires'] as const) {
          if (work === create || options[flag] === undefined) continue;
          throw new BadInputError(`${what} takes no --${flag}.`, 'Leave it out.');
        }
        return work(session, options, which);
      }),
    );
}

async function create(session: Session, options: Options, name: string | undefined): Promise<Answer> {
  if (name === undefined)
    throw new BadInputError('The key has no name.', 'Say whose it is: api-key create NAME.');
  const role = roleOf(options.role);
  const expires = options.expires === undefined ? undefined : momentAfter(options.expires);
  const { createApiKey } = await import('../../access/key-file.ts');
  const made = await createApiKey(await session.home(), { name, role, expires }, by(options));
  const { hash: _hash, ...told } = made.record;
  return {
    json: { ...told, key: made.key },
    text: [
      made.key,
      `This is the key of ${name} (${role}), id ${told.id}, ${until(told)}. It is shown once and kept nowhere.`,
    ],
  };
}

async function list(session: Session, _options: Options, which: string | undefined): Promise<Answer> {
  if (which !== undefined) throw new BadInputError('All keys are listed at once.', 'Use `api-key list`.');
  const { isGood, listApiKeys } = await import('../../access/key-file.ts');
  const now = new Date();
  const keys = (await listApiKeys(await session.home())).map(({ hash: _hash, ...told }) => told);
  const rows = keys.map((key) => [
    key.id,
    key.name,
    key.role,
    key.created.slice(0, 16),
    key.createdBy,
    isGood(key, now) ? until(key) : (ended(key) ?? ''),
  ]);
  const text =
    rows.length > 0 ? table(['id', 'name', 'role', 'created', 'by', 'good'], rows) : 'there is no key yet';
  return { json: { keys }, text };
}

async function revoke(session: Session, options: Options, id: string | undefined): Promise<Answer> {
  if (id === undefined) throw new BadInputError('No key is named.', 'Give an id that `api-key list` shows.');
  const { revokeApiKey } = await import('../../access/key-file.ts');
  const { hash: _hash, ...told } = await revokeApiKey(await session.home(), id, by(options));
  return { json: told, text: `the key ${id} of ${told.name} opens nothing any more` };
}

type Told = Omit<ApiKeyRecord, 'hash'>;

const until = ({ expires }: Told) =>
  expires === null ? 'until it is revoked' : `until ${expires.slice(0, 16)}`;

const ended = ({ revoked, expires }: Told) =>
  revoked === null ? `expired ${expires?.slice(0, 16)}` : `revoked ${revoked.slice(0, 16)}`;

function by(options: ClaimFlags) {
  const { by, reason = '' } = claim(options);
  return { by, reason };
}

function roleOf(given: string | undefined): Role {
  const known = ROLES.find((role) => role === given);
  if (known) return known;
  const what = given === undefined ? 'The key has no role.' : `${quoted(given)} is no role.`;
  throw new BadInputError(what, `Say --role with one of ${ROLES.join(', ')}.`);
}

const UNITS_MS = { d: 86_400_000, h: 3_600_000 };
/** No more than ten years: what is meant for ever is said by leaving the flag out. */
const LONGEST_MS = 3650 * UNITS_MS.d;

function momentAfter(text: string): Date {
  const [, count = '', unit = ''] = /^(\d{1,6})([dh])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS_MS[unit as 'd' | 'h'] ?? 0);
  if (ms > 0 && ms <= LONGEST_MS) return new Date(Date.now() + ms);
  throw new BadInputError(`--expires ${quoted(text)} is no time from now.`, 'Give one such as 90d or 12h.');
}
