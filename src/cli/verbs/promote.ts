import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import {
  canaryRequest,
  endCanaryRequest,
  promoteRequest,
  rollbackRequest,
  type LifecycleEvent,
} from '../../contracts/lifecycle.ts';
import { BadInputError } from '../../errors.ts';
import { claim, versionNumber, type ClaimFlags } from '../claim.ts';
import { decimal, defineVerb } from '../flags.ts';
import { checkInput, checkModelName } from '../input.ts';
import { requireRegistered } from '../registered-models.ts';
import { perform, type Answer, type Session } from '../session.ts';
import { withTemporal, type TemporalPlace } from '../temporal-session.ts';

interface CanaryOptions extends ClaimFlags {
  share?: number;
  end?: boolean;
}

type Client = TemporalPlace['client'];

const DEFAULT_SHARE = 0.1;

export function definePromote(program: Command): void {
  defineVerb(program, 'promote <name> <version>', 'Make a registered version of a model its champion.', [
    'promote day-ahead 2 --reason "better in winter"',
  ])
    .option('--by <who>', 'who asks (default: the name of this user)')
    .option('--reason <text>', 'kept in the history')
    .action(
      perform<ClaimFlags>(async (session, options, [name, version]) => {
        checkModelName(name);
        const request = checkInput(
          promoteRequest,
          { ...claim(options), version: versionNumber(version) },
          { version: 'the version' },
        );
        return ask(session, name ?? '', (client, { promoteVersion }) =>
          promoteVersion(client, name ?? '', request),
        );
      }),
    );
}

export function defineCanary(program: Command): void {
  defineVerb(
    program,
    'canary <name> [version]',
    'Let a version answer a share of the forecasts that name none, beside the champion; --end ends it.',
    ['canary day-ahead 3 --share 0.1', 'canary day-ahead --end'],
  )
    .option('--share <share>', 'above 0, at most 1 (default: 0.1)', decimal)
    .option('--end', 'let the champion answer all forecasts again')
    .option('--by <who>', 'who asks (default: the name of this user)')
    .option('--reason <text>', 'kept in the history')
    .action(
      perform<CanaryOptions>(async (session, { end, share, ...options }, [given, version]) => {
        const name = checkModelName(given) ?? '';
        if (end) {
          if (version !== undefined || share !== undefined) {
            throw new BadInputError('--end takes no version and no share.', 'Leave them out.');
          }
          const request = checkInput(endCanaryRequest, claim(options));
          return ask(session, name, async (client, { endCanary }) => endCanary(client, name, request));
        }
        const asked = { ...claim(options), version: versionNumber(version), share: share ?? DEFAULT_SHARE };
        const request = checkInput(canaryRequest, asked, { version: 'the version' });
        return ask(session, name, async (client, { startCanary }) => startCanary(client, name, request));
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
      perform<ClaimFlags>(async (session, options, [name]) => {
        checkModelName(name);
        const request = checkInput(rollbackRequest, claim(options));
        return ask(session, name ?? '', (client, { rollbackChampion }) =>
          rollbackChampion(client, name ?? '', request),
        );
      }),
    );
}

async function ask(
  session: Session,
  name: string,
  work: (client: Client, runs: typeof import('../../temporal/runs.ts')) => Promise<LifecycleEvent>,
): Promise<Answer> {
  await checkRegistered(session, name);
  const event = await withTemporal(session, { purpose: 'lifecycle' }, async ({ client }) =>
    work(client, await import('../../temporal/runs.ts')),
  );
  return withRegionsLost(session, name, event, answerOf(name, event));
}

/** Names the regions that lose their forecast. */
async function withRegionsLost(
  session: Session,
  name: string,
  event: LifecycleEvent,
  answer: Answer,
): Promise<Answer> {
  // That of a cluster may lie elsewhere, and is not begun here.
  if (!existsSync(resolve(session.config.home))) return answer;
  const { regionsLostBy } = await import('../../registry/regions-lost.ts');
  const lost = await regionsLostBy(await session.home(), name, event);
  if (lost.length === 0) return answer;
  const [have, them] = lost.length > 1 ? ['have', 'them'] : ['has', 'it'];
  const text = `${answer.text as string}; ${lost.join(', ')} ${have} no forecast any more: version ${event.version ?? '-'} does not know ${them}`;
  return { json: { ...event, regionsLost: lost }, text };
}

/** The entity answers a request it does not grant with an event as well: for the person that is a failure. */
function answerOf(name: string, event: LifecycleEvent): Answer {
  if (event.kind === 'refused')
    throw new BadInputError(`${name}: refused: ${event.reason}`, 'Look at `models`.');
  if (event.kind === 'canary-started') {
    const text = `${name}: version ${event.version} answers ${event.share} of the forecasts beside version ${event.previous}`;
    return { json: event, text };
  }
  if (event.kind === 'canary-ended') {
    return { json: event, text: `${name}: version ${event.version} is canary no longer` };
  }
  const from = event.previous === null ? '' : ` (was version ${event.previous})`;
  return { json: event, text: `${name}: version ${event.version ?? '-'} is champion${from}` };
}

/** Asking the entity of a model that nobody registered would bring one to life. On a cluster the home may lie elsewhere. */
async function checkRegistered(session: Session, name: string): Promise<void> {
  if (session.config.temporalAddress === undefined) await requireRegistered(session, name);
}
