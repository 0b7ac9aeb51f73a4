import type { Command } from 'commander';
import type { AuditEntry } from '../../contracts/audit.ts';
import { BadInputError, counted, oneLine } from '../../errors.ts';
import { defineVerb, integer } from '../flags.ts';
import { perform, type Answer, type Session } from '../session.ts';

interface ListOptions {
  subject?: string;
  who?: string;
  since?: string;
  limit: number;
  expect?: string;
}

const MOST = 100_000;

export function defineAudit(program: Command): void {
  defineVerb(
    program,
    'audit [what]',
    'Who did what, when, why and from where; `audit verify` checks that nothing of it was changed, cut off or removed.',
    ['audit --subject model/day-ahead --since 2026-11-01', 'audit verify', 'audit verify --expect 41:9f2c…'],
  )
    .option('--subject <subject>', 'of what: `model/day-ahead`, or `model` for all models')
    .option('--who <name>', 'by whom')
    .option('--since <time>', 'ISO 8601, such as 2026-11-21 or 2026-11-21T09:30Z')
    .option('--limit <count>', 'the newest so many', integer, 50)
    .option(
      '--expect <head>',
      'of verify: a head that an earlier `audit verify` printed and was kept elsewhere',
    )
    .action(
      perform<ListOptions>(async (session, { expect, ...options }, [what]) => {
        if (what === 'verify') return verify(session, expect);
        if (what !== undefined) {
          throw new BadInputError(
            `The audit cannot be asked to "${what}".`,
            'Use `audit` or `audit verify`.',
          );
        }
        return list(session, options);
      }),
    );
}

async function list(
  session: Session,
  { subject, who, since, limit }: Omit<ListOptions, 'expect'>,
): Promise<Answer> {
  if (since !== undefined && !Number.isFinite(Date.parse(since))) {
    throw new BadInputError(
      `--since ${JSON.stringify(since)} is no time.`,
      'Give one such as 2026-11-21T09:30Z.',
    );
  }
  if (limit < 1 || limit > MOST) {
    throw new BadInputError(`--limit ${limit} is not between 1 and ${MOST}.`, 'Give a number between them.');
  }
  const { auditBytes, listAudit } = await import('../../audit/read.ts');
  const home = await session.home();
  const found = await listAudit(home, await auditBytes(home), { subject, who, since }, limit);
  const { entries, matched, unreadable } = found;
  const lines = entries.map((entry) => oneLine(lineOf(entry)));
  const text = [
    ...(lines.length > 0 ? lines : ['nothing is told there yet']),
    ...(matched > entries.length ? [`the newest ${entries.length} of ${matched}; --limit shows more`] : []),
    ...(unreadable > 0
      ? [`${counted(unreadable, 'line')} cannot be read: \`audit verify\` names the first`]
      : []),
  ];
  return { json: found, text };
}

const lineOf = ({ sequence, at, what, subject, who, identity, from, why, details }: AuditEntry) =>
  `${sequence}  ${at}  ${what}  ${subject}${described(details)}  by ${who} (${identity}, ${from})${why === '' ? '' : `: ${why}`}`;

const described = ({ version }: Record<string, unknown>) =>
  typeof version === 'number' ? ` v${version}` : '';

async function verify(session: Session, expect: string | undefined): Promise<Answer> {
  const { verifyAudit } = await import('../../audit/verify.ts');
  const verdict = await verifyAudit(
    await session.home(),
    expect === undefined ? undefined : parseHead(expect),
  );
  const { ok, lines, badLine, problem, head, unfinished } = verdict;
  const kept = head && `${head.sequence}:${head.hash}`;
  const text = ok
    ? [
        `${lines} lines are as they were written, signed by the key ${head!.keyId}`,
        ...(unfinished ? ['a process died while it wrote one more: the next event finishes it'] : []),
        `head ${kept}: kept elsewhere, it shows with --expect that nobody put back an earlier state`,
      ]
    : [
        badLine === null ? `the audit was changed: ${problem}` : `line ${badLine}: ${problem}`,
        `${counted(lines, 'line')} before it unchanged; compare audit/ with a backup`,
      ];
  return { json: verdict, text, exitCode: ok ? 0 : 1 };
}

function parseHead(text: string): { sequence: number; hash: string } {
  const found = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  if (found) return { sequence: Number(found[1]), hash: found[2]! };
  throw new BadInputError(
    `--expect "${text}" is no head.`,
    'Give what `audit verify` printed, such as 41:9f2c….',
  );
}
