import type { Command } from 'commander';
import { approvalRequest } from '../../contracts/learning.ts';
import { claim, versionNumber, type ClaimFlags } from '../claim.ts';
import { defineVerb } from '../flags.ts';
import { checkInput, checkModelName } from '../input.ts';
import { requireRegistered } from '../registered-models.ts';
import { perform } from '../session.ts';

/** A worker that lives answers at once. */
const ASK_SECONDS = 30;

export function defineApprove(program: Command): void {
  defineAnswer(program, {
    verb: 'approve',
    does: 'Let the version that waits for it go on to its canary and promotion; `jobs` shows which one waits.',
    example: 'approve day-ahead 3 --reason "looks good"',
    done: 'is approved',
  });
}

export function defineReject(program: Command): void {
  defineAnswer(program, {
    verb: 'reject',
    does: 'Put the version aside that waits for its approval, or that answers as canary.',
    example: 'reject day-ahead 3 --reason "too bold"',
    done: 'is put aside',
  });
}

interface Verb {
  verb: 'approve' | 'reject';
  does: string;
  example: string;
  done: string;
}

function defineAnswer(program: Command, { verb, does, example, done }: Verb): void {
  defineVerb(program, `${verb} <name> <version>`, does, [example])
    .option(
      '--by <who>',
      'who asks, one of `approvers` where they are named (default: the name of this user)',
    )
    .option('--reason <text>', 'kept in the audit')
    .action(
      perform<ClaimFlags>(async (session, options, [given, number]) => {
        const name = checkModelName(given) ?? '';
        const version = versionNumber(number);
        const request = checkInput(approvalRequest, { ...claim(options), version });
        if (session.config.temporalAddress === undefined) await requireRegistered(session, name);
        const [{ runningServices }, { approveDeployment, rejectDeployment }] = await Promise.all([
          import('../running-services.ts'),
          import('../../temporal/deployments.ts'),
        ]);
        const ask = verb === 'approve' ? approveDeployment : rejectDeployment;
        const temporal = await runningServices(session);
        try {
          const answer = await temporal.ask(ASK_SECONDS, (client) => ask(client, name, request));
          const text = `${name}: version ${version} ${done}; \`jobs ${name}\` shows what becomes of it`;
          return { json: { model: name, version, ...answer }, text };
        } finally {
          await temporal.close();
        }
      }),
    );
}
