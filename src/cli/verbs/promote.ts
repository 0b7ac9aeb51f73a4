import type { Command } from 'commander';
import { userInfo } from 'node:os';
import { promoteRequest, rollbackRequest, type LifecycleEvent } from '../../contracts/lifecycle.ts';
import { BadInputError } from '../../errors.ts';
import { defineVerb } from '../flags.ts';
import { checkInput, checkModelName } from '../input.ts';
import { registeredModels } from '../registered-models.ts';
import { perform, type Answer, type Session } from '../session.ts';
import { withTemporal } from '../temporal-session.ts';

interface Options {
  by?: string;
  reason?: string;
}

export function definePromote(program: Command): void {
  defineVerb(program, 'promote <name> <version>', 'Make a registered version of a model its champion.', [
    'promote day-ahead 2 --reason "better in winter"',
  ])
    .option('--by <who>', 'who asks (default: the name of this user)')
    .option('--reason <text>', 'kept in the history')
    .action(
      perform<Options>(async (session, options, [name, version]) => {
        checkModelName(name);
        const request = checkInput(
          promoteRequest,
          { ...claim(options), version: versionNumber(version) },
          { version: 'the version' },
        );
        await checkRegistered(session, name);
        return withTemporal(session, { purpose: 'promote' }, async ({ client }) => {
          const { promoteVersion } = await import('../../temporal/runs.ts');
          return answerOf(name ?? '', await promoteVersion(client, name ?? '', request));
        });
      }),
    );
}

export function defineRollback(program: Command): void {
  defineVerb(program, 'rollback <name>', 'Go back to the champion before this one.', [
    'rollback day-ahead --reason "worse since Monday"',
  ])
    .option('--by <who>', 'who asks (default: the name of this user)')
    .option('--reason <text>', 'kept in the history')
    .action(
      perform<Options>(async (session, options, [name]) => {
        checkModelName(name);
        const request = checkInput(rollbackRequest, claim(options));
        await checkRegistered(session, name);
        return withTemporal(session, { purpose: 'rollback' }, async ({ client }) => {
          const { rollbackChampion } = await import('../../temporal/runs.ts');
          return answerOf(name ?? '', await rollbackChampion(client, name ?? '', request));
        });
      }),
    );
}

function versionNumber(text = ''): number {
  if (!/^[1-9]\d*$/.test(text)) {
    throw new BadInputError(
      `"${text}" is not a version's number.`,
      'Give one that `models` lists, such as 2.',
    );
  }
  return Number(text);
}

const claim = ({ by, reason }: Options) => ({ by: by ?? userInfo().username, reason });

/** The entity answers a request it does not grant with an event as well: for the person that is a failure. */
function answerOf(name: string, event: LifecycleEvent): Answer {
  if (event.kind === 'refused')
    throw new BadInputError(`${name}: refused: ${event.reason}`, 'Look at `models`.');
  const from = event.previous === null ? '' : ` (was version ${event.previous})`;
  return { json: event, text: `${name}: version ${event.version ?? '-'} is champion${from}` };
}

/** Asking the entity of a model that nobody registered would bring one to life. On a cluster the home may lie elsewhere. */
async function checkRegistered(session: Session, name: string | undefined): Promise<void> {
  if (session.config.temporalAddress === undefined) await registeredModels(session, name);
}
