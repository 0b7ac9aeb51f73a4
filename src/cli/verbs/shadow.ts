import type { Command } from 'commander';
import { activeShadow, shadowRequest } from '../../contracts/shadow.ts';
import { BadInputError, quoted } from '../../errors.ts';
import { claim, versionNumber, type ClaimFlags } from '../claim.ts';
import { decimal, defineVerb } from '../flags.ts';
import { checkInput, checkModelName } from '../input.ts';
import { requireRegistered } from '../registered-models.ts';
import { perform, type Answer, type Session } from '../session.ts';
import { percent, shadowLines } from '../shadow-view.ts';

interface Options extends ClaimFlags {
  share?: number;
}

type Work = (session: Session, name: string, options: Options, version?: string) => Promise<Answer>;
const WORK: Record<string, Work> = { start, status, end };

export function defineShadow(program: Command): void {
  defineVerb(
    program,
    'shadow <what> <name> [version]',
    'Show requests of the champion to another version while `serve` answers, and compare: `start NAME VERSION`, `status NAME`, `end NAME`.',
    ['shadow start day-ahead 3 --share 0.2', 'shadow status day-ahead', 'shadow end day-ahead'],
  )
    .option('--share <share>', "start: of the champion's answers, above 0, at most 1 (default: 0.1)", decimal)
    .option('--by <who>', 'who asks (default: the name of this user)')
    .option('--reason <text>', 'kept in the audit')
    .action(
      perform<Options>(async (session, options, [what = '', given, version]) => {
        const work = Object.hasOwn(WORK, what) ? WORK[what] : undefined;
        if (!work) {
          const known = Object.keys(WORK).join(', ');
          throw new BadInputError(`A shadow cannot be asked to ${quoted(what)}.`, `Use one of ${known}.`);
        }
        const name = checkModelName(given) ?? '';
        if (version !== undefined && work !== start) {
          throw new BadInputError(`${what} takes no version.`, 'Leave it out.');
        }
        if (options.share !== undefined && work !== start) {
          throw new BadInputError(`${what} takes no --share.`, 'Leave it out.');
        }
        await requireRegistered(session, name);
        return work(session, name, options, version);
      }),
    );
}

async function start(session: Session, name: string, options: Options, version?: string): Promise<Answer> {
  const { by, reason } = claim(options);
  const asked = { version: versionNumber(version), share: options.share, by, reason };
  const request = checkInput(shadowRequest, asked, { version: 'the version' });
  const { startShadow } = await import('../../registry/shadow.ts');
  const record = await startShadow(await session.home(), name, request, new Date().toISOString());
  const text = `${name}: version ${request.version} shadows ${percent(request.share)} of the champion's answers`;
  return { json: record, text };
}

async function status(session: Session, name: string): Promise<Answer> {
  const home = await session.home();
  const [{ readShadow }, { readChampion }, { readSummary }] = await Promise.all([
    import('../../registry/shadow.ts'),
    import('../../registry/champion.ts'),
    import('../../serving/traffic/shadow/file.ts'),
  ]);
  const record = await readShadow(home, name);
  if (!record)
    return { json: { shadow: null }, text: `${name}: nothing shadows it; \`shadow start\` lets one do so` };
  const active = activeShadow(await readChampion({ home }, { name }), record);
  const found = await readSummary(home, name);
  // Of a shadow before this one nothing is told.
  const since = active?.generation ?? record.shadow?.generation ?? 0;
  const summary = found && found.generation >= since ? found : null;
  return { json: { record, active, summary }, text: shadowLines(record, active, summary) };
}

async function end(session: Session, name: string, options: Options): Promise<Answer> {
  const { endShadow } = await import('../../registry/shadow.ts');
  const { by, reason } = claim(options);
  const request = checkInput(shadowRequest.pick({ by: true, reason: true }), { by, reason });
  const record = await endShadow(await session.home(), name, request, new Date().toISOString());
  return { json: record, text: `${name}: nothing shadows it any more` };
}
