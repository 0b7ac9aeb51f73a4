import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { MissingDataError } from '../../errors.ts';
import type { SignatureState } from '../../registry/signing.ts';
import { versionNumber, type ClaimFlags } from '../claim.ts';
import { addGlobalFlags } from '../flags.ts';
import { checkModelName } from '../input.ts';
import { perform } from '../session.ts';
import { table } from '../table.ts';

/** Below `models`: who vouches for a version, and whom this home believes. */
export function defineSigning(models: Command): void {
  claimed(
    models.command('sign <name> <version>'),
    'Vouch for a version that no key of this home has signed; check first where it comes from.',
    'models sign day-ahead 1 --reason "registered here before versions were signed"',
  ).action(
    perform<ClaimFlags>(async (session, options, [given, version]) => {
      const name = checkModelName(given) ?? '';
      const { signModel } = await import('../../registry/sign-stage.ts');
      const home = await session.home();
      const done = await signModel(home, { name, version: versionNumber(version), ...claim(options) });
      const was = done.signed
        ? `signed by the key ${done.keyId} (${described(done.before)})`
        : 'signed already';
      return { json: done, text: `${name} version ${done.version}, ${done.sha256}: ${was}` };
    }),
  );

  claimed(
    models.command('trust <file>'),
    'Load models that another home signed: <file> is its keys/home.pub.json.',
    'models trust their.pub.json --reason "from the planning department, key read out by phone"',
  ).action(
    perform<ClaimFlags>(async (session, options, [file = '']) => {
      const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw new MissingDataError(`${file} cannot be read: ${error.message}.`, 'Name a public key file.');
      });
      const { trustKey } = await import('../../registry/sign-stage.ts');
      const key = await trustKey(await session.home(), { text, from: file, ...claim(options) });
      return { json: key, text: `models signed by the key ${key.keyId} are trusted from now on` };
    }),
  );

  addGlobalFlags(
    models
      .command('keys')
      .description('The public key of this home, made at first use, and the keys that it trusts.'),
  ).action(
    perform(async (session) => {
      const home = await session.home();
      const [{ homeKey, keyFiles }, { openToOthers }] = await Promise.all([
        import('../../signing/home-key.ts'),
        import('../../signing/file-mode.ts'),
      ]);
      await homeKey(home);
      const keys = await keyFiles(home);
      const rows = keys.map(({ keyId, origin, createdAt, note }) => [
        keyId,
        origin,
        createdAt.slice(0, 16),
        note,
      ]);
      const text = table(['key', 'whose', 'made', 'note'], rows);
      const open = await openToOthers(home);
      return {
        json: { keys, file: home.path('keys/home.pub.json'), openToOthers: open },
        text: [
          text,
          '',
          home.path('keys/home.pub.json'),
          ...(open === null ? [] : ['', open.says, open.cure]),
        ],
      };
    }),
  );
}

function claimed(command: Command, description: string, example: string): Command {
  return addGlobalFlags(command.description(description))
    .option('--by <who>', 'who vouches (default: the name of this user)')
    .option('--reason <text>', 'kept in the audit')
    .addHelpText('after', `\nExample:\n  npm run -s ringwatt -- ${example}`);
}

const claim = ({ by, reason }: ClaimFlags) => ({ by: by ?? userInfo().username, reason: reason ?? '' });

const described = (before: SignatureState) =>
  before.state === 'unsigned'
    ? 'it was not signed'
    : before.state === 'unknown-key'
      ? `it was signed by ${before.keyId}, which this home does not trust`
      : 'its signature was of another record';
