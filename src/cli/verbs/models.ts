import type { Command } from 'commander';
import type { RegionScore } from '../../contracts/stages.ts';
import { MissingDataError } from '../../errors.ts';
import type { ModelListing } from '../../registry/stage.ts';
import { checkModelName } from '../input.ts';
import { defineVerb } from '../flags.ts';
import { perform, type Session } from '../session.ts';
import { callStage } from '../stage-call.ts';
import { table } from '../table.ts';

export function defineModels(program: Command): void {
  defineVerb(program, 'models [name]', 'List the registered models, their versions, scores and champions.', [
    'models',
    'models day-ahead --history',
  ])
    .option('--history', 'who promoted what, when and why')
    .action(
      perform<{ history?: boolean }>(async (session, { history }, [given]) => {
        const name = checkModelName(given);
        const models = await listed(session, name);
        if (models.length === 0)
          return { json: { models }, text: 'no model is registered yet: `run` makes one' };
        if (!history) {
          const rows = models.flatMap((model) =>
            model.versions.map(({ version, createdAt, scores }) => [
              `${model.name} v${version}`,
              model.champion?.version === version ? 'champion' : '',
              meanMape(scores),
              createdAt.slice(0, 16),
            ]),
          );
          return { json: { models }, text: table(['version', 'role', 'mean MAPE, %', 'registered'], rows) };
        }
        const events = (
          await Promise.all(
            models.map(async (model) =>
              (await callStage(session, 'readHistory', { name: model.name })).map((event) => ({
                model: model.name,
                ...event,
              })),
            ),
          )
        ).flat();
        const lines = events.map(
          ({ model, at, kind, version, by, identity, reason }) =>
            `${at}  ${model} v${version ?? '-'}  ${kind} by ${by} (${identity})${reason ? `: ${reason}` : ''}`,
        );
        return { json: { models, events }, text: lines.length > 0 ? lines : 'nothing has happened yet' };
      }),
    );
}

/** All models, or the one of that name, which must be there. */
async function listed(session: Session, name: string | undefined): Promise<ModelListing[]> {
  const models = await callStage(session, 'listModels', {});
  if (name === undefined) return models;
  const named = models.filter((model) => model.name === name);
  if (named.length > 0) return named;
  const names = models.map((model) => model.name);
  throw new MissingDataError(
    `There is no model ${name}.`,
    names.length > 0 ? `There are: ${names.join(', ')}.` : 'None is registered yet: `run` makes one.',
  );
}

function meanMape(scores: RegionScore[]): string {
  const values = scores.map(({ mape }) => mape['model']).filter((value) => typeof value === 'number');
  return values.length === 0
    ? '-'
    : (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(2);
}
