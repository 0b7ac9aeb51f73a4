import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CorruptArtifactError, UnavailableError } from '../../errors.ts';
import type { Home } from '../../lake/home.ts';
import type { Overview } from '../../temporal/overview.ts';
import { alertsStanding, standingLine, type AlertsStanding } from '../alerts-standing.ts';
import { defineVerb } from '../flags.ts';
import { modelLines } from '../jobs-view.ts';
import { reachTemporal } from '../reach-temporal.ts';
import { perform } from '../session.ts';
import { describeStack } from '../stack-view.ts';
import { callStage } from '../stage-call.ts';
import { table } from '../table.ts';
import { slotLines, trainingLine } from '../training-view.ts';

export function defineStatus(program: Command): void {
  defineVerb(
    program,
    'status',
    'Show the services and their health, running jobs, slots, champions, schedules, how each job of a model ended last, and how alerts stand.',
    ['status', 'status --json'],
  ).action(
    perform(async (session) => {
      const root = resolve(session.config.home);
      if (!existsSync(root)) {
        return {
          json: { home: root, services: null, models: [] },
          text: `there is no home at ${root} yet; \`up\` makes one`,
        };
      }
      const home = await session.home();
      const { runningStack } = await import('../../stack/state.ts');
      const services = runningStack(home) ?? null;
      const { overviewOf } = await import('../../temporal/overview.ts');
      const temporal = await reachTemporal(session, overviewOf);
      const { jobsAccount } = await import('../jobs-account.ts');
      const jobs = await jobsAccount(session, {});
      const alerts = await alertsOf(home);
      const models = (await callStage(session, 'listModels', {})).map(
        ({ name, champion, canary, versions }) => ({
          name,
          champion: champion?.version ?? null,
          since: champion?.since ?? null,
          canary,
          versions: versions.map(({ version }) => version),
        }),
      );
      const sick = services?.services.some(({ state }) => state !== 'ready') ?? false;
      const text = [
        services
          ? describeStack(home, services, await temporalCliPath())
          : `no services run on ${home.root}; \`up\` starts them`,
        ...(temporal ? describeOverview(temporal) : []),
        ...(jobs.models.length === 0 ? [] : ['', ...jobs.models.flatMap(modelLines)]),
        '',
        `alerts: ${'error' in alerts ? alerts.error : standingLine(alerts, Date.now())}`,
        '',
        models.length === 0
          ? 'models: none registered yet'
          : table(
              ['model', 'champion', 'since', 'canary', 'versions'],
              models.map(({ name, champion, since, canary, versions }) => [
                name,
                String(champion ?? '-'),
                since?.slice(0, 16) ?? '-',
                canary ? `${canary.version}, share ${canary.share}` : '-',
                String(versions.length),
              ]),
            ),
      ];
      const trouble = sick || (temporal !== null && 'error' in temporal);
      return {
        json: { home: home.root, services, temporal, models, jobs: jobs.models, alerts },
        text,
        exitCode: trouble ? 1 : 0,
      };
    }),
  );
}

async function temporalCliPath(): Promise<string | undefined> {
  const { findTemporalCli } = await import('../../stack/temporal-cli.ts');
  try {
    return (await findTemporalCli({ install: false })).path;
  } catch (error) {
    if (error instanceof UnavailableError) return undefined;
    throw error;
  }
}

/** A file of alerts that is damaged must not hide how the rest stands. */
async function alertsOf(home: Home): Promise<AlertsStanding | { error: string }> {
  try {
    return await alertsStanding(home, Date.now());
  } catch (error) {
    if (error instanceof CorruptArtifactError) return { error: error.line };
    throw error;
  }
}

type Reached = Overview | { error: string };

function describeOverview(found: Reached): string[] {
  if ('error' in found) return ['', `Temporal: ${found.error}`];
  const { jobs, slots, schedules, pollers } = found;
  const jobRows = jobs.map(({ workflowId, stage, percent, startedAt }) => [
    workflowId,
    stage ?? '',
    percent === undefined ? '' : `${percent.toFixed(0)} %`,
    startedAt.slice(0, 19),
  ]);
  const trainings = jobs.flatMap(({ workflowId, training }) =>
    training ? ['', `${workflowId}: ${trainingLine(training)}`, ...slotLines(training.slots)] : [],
  );
  const slotRows = slots.map(({ queue, state, owner, kernel, device, memoryMb }) => [
    queue,
    state,
    owner ?? '-',
    kernel === null ? device : `${device} ${kernel}`,
    memoryMb.toFixed(0),
  ]);
  const scheduleRows = schedules.map(({ id, paused, next, note }) => [
    id,
    paused ? 'paused' : 'active',
    next ?? '-',
    note,
  ]);
  return [
    '',
    jobs.length > 0 ? table(['running job', 'stage', 'done', 'started'], jobRows) : 'jobs: none run',
    ...trainings,
    '',
    slots.length > 0
      ? table(['slot', 'state', 'leased by', 'computes with', 'MB there'], slotRows)
      : 'slots: none registered',
    '',
    schedules.length > 0
      ? table(['schedule', 'state', 'next', 'note'], scheduleRows)
      : 'schedules: none (`schedules apply`)',
    ...(pollers === 0 ? ['', 'no worker asks for work on the pipeline queue'] : []),
  ];
}
