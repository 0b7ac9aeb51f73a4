import type { Command } from 'commander';
import { BadInputError } from '../../errors.ts';
import { defineVerb, integer } from '../flags.ts';
import { perform, type Answer, type Session } from '../session.ts';
import { table } from '../table.ts';
import { withTemporal } from '../temporal-session.ts';

export function defineSchedules(program: Command): void {
  defineVerb(
    program,
    'schedules <what>',
    'The schedules that ship: `preview` when they would run, `apply` them to the server, `list` what it has.',
    ['schedules preview --count 3', 'schedules apply'],
  )
    .option('--count <number>', 'times to preview', integer, 5)
    .action(
      perform<{ count: number }>(async (session, { count }, [what]) => {
        if (what === 'preview') return previewAll(count);
        if (what === 'apply') return applyAll(session);
        if (what === 'list') return listAll(session);
        throw new BadInputError(`Schedules cannot be asked to "${what}".`, 'Use preview, apply or list.');
      }),
    );
}

async function previewAll(count: number): Promise<Answer> {
  const { SCHEDULES } = await import('../../../schedules/apply.ts');
  const { preview } = await import('../../../schedules/schedule.ts');
  const schedules = SCHEDULES.map((schedule) => ({
    id: schedule.id,
    cron: schedule.cron,
    note: schedule.note,
    next: preview(schedule, new Date(), count).map((at) => at.toISOString()),
  }));
  const text = schedules.flatMap(({ id, cron, note, next }) => [
    `${id}  (${cron}, UTC)  ${note}`,
    ...next.map((at) => `  ${at}`),
  ]);
  return { json: { schedules }, text };
}

function applyAll(session: Session): Promise<Answer> {
  return withTemporal(session, { purpose: 'schedules' }, async ({ client }) => {
    const { applySchedules } = await import('../../../schedules/apply.ts');
    const { created, updated } = await applySchedules(client);
    const lines = [...created.map((id) => `created ${id}`), ...updated.map((id) => `up to date ${id}`)];
    return { json: { created, updated }, text: lines };
  });
}

function listAll(session: Session): Promise<Answer> {
  return withTemporal(session, { purpose: 'schedules' }, async ({ client }) => {
    const { overviewOf } = await import('../../temporal/overview.ts');
    const { schedules } = await overviewOf(client);
    const rows = schedules.map(({ id, paused, next, note }) => [
      id,
      paused ? 'paused' : 'active',
      next ?? '-',
      note,
    ]);
    const text =
      rows.length > 0
        ? table(['schedule', 'state', 'next', 'note'], rows)
        : 'none; `schedules apply` makes those that ship';
    return { json: { schedules }, text };
  });
}
