import type { Command } from 'commander';
import { BadInputError, MissingDataError } from '../../errors.ts';
import { defineVerb, integer } from '../flags.ts';
import { checkModelName } from '../input.ts';
import { perform } from '../session.ts';

export function defineJobs(program: Command): void {
  defineVerb(
    program,
    'jobs [model]',
    'What is done for models again and again: how each job ended last and why, why the last retrain did not run or was not deployed, what runs now, and when each is due.',
    ['jobs', 'jobs day-ahead --history 20'],
  )
    .option('--history <number>', 'how many runs that have ended to list, newest first', integer, 0)
    .action(
      perform<{ history: number }>(async (session, { history }, [model]) => {
        checkModelName(model);
        if (history < 0) throw new BadInputError('--history is below 0.', 'Give how many runs to list.');
        const { jobsAccount } = await import('../jobs-account.ts');
        const { jobLines } = await import('../jobs-view.ts');
        const account = await jobsAccount(session, { model, history });
        const [only] = account.models;
        if (
          model !== undefined &&
          only!.jobs.every(({ last, schedule }) => !last && !schedule) &&
          only!.running.length === 0
        ) {
          throw new MissingDataError(
            `Nothing has run for ${model}, and no schedule does.`,
            '`jobs` shows the models that have any; `schedules apply` makes schedules.',
          );
        }
        return { json: account, text: jobLines(account) };
      }),
    );
}
