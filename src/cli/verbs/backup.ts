import type { Command } from 'commander';
import { resolve } from 'node:path';
import { defineVerb } from '../flags.ts';
import { perform, type Session } from '../session.ts';
import { counted } from '../../errors.ts';

export function defineBackup(program: Command): void {
  defineVerb(
    program,
    'backup <folder>',
    'Copy the home into an empty folder, with the hash of every file; also while the services run.',
    ['backup /var/backups/ringwatt-2026-11-21'],
  )
    .option('--with-keys', 'the private key too: who has the backup can then sign in the name of this home')
    .action(
      perform<{ withKeys?: boolean }>(async (session, { withKeys }, [folder = '']) => {
        const home = await session.home();
        const { backUp } = await import('../../upkeep/backup.ts');
        const { files } = await backUp(home, folder, { ...watched(session, 'backup'), withKeys });
        return summary('backed up', home.root, resolve(folder), files);
      }),
    );
}

export function defineRestore(program: Command): void {
  defineVerb(
    program,
    'restore <folder>',
    'Make a home of a backup; every file is checked, and the home must not be there yet.',
    ['restore /var/backups/ringwatt-2026-11-21 --home .ringwatt'],
  ).action(
    perform(async (session, _options, [folder = '']) => {
      const { restore } = await import('../../upkeep/backup.ts');
      const { files } = await restore(folder, session.config.home, watched(session, 'restore'));
      return summary('restored', resolve(folder), resolve(session.config.home), files);
    }),
  );
}

const watched = ({ signal, progress }: Session, stage: string) => ({
  signal,
  progress: (done: number, total: number) => progress.show({ stage, done, total, unit: 'files' }),
});

function summary(verb: string, from: string, to: string, files: { bytes: number }[]) {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const text = `${verb} ${counted(files.length, 'file')}, ${(bytes / 1e6).toFixed(1)} MB, from ${from} to ${to}`;
  return { json: { from, to, files: files.length, bytes }, text };
}
