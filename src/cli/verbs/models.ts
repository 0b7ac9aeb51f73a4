import type { Command } from 'commander';
import { counted, oneLine } from '../../errors.ts';
import type { RegionScore } from '../../contracts/stages.ts';
import { checkModelName } from '../input.ts';
import { defineVerb } from '../flags.ts';
import { registeredModels } from '../registered-models.ts';
import { perform } from '../session.ts';
import type { ModelListing, ScoredOn } from '../../registry/stage.ts';
import { callStage } from '../stage-call.ts';
import { defineSigning } from './models-signing.ts';
import { table } from '../table.ts';

export function defineModels(program: Command): void {
  const models = defineVerb(
    program,
    'models [name]',
    'List the registered models, their versions, scores and champions.',
    ['models', 'models day-ahead --history'],
  );
  defineSigning(models);
  models.option('--history', 'who promoted what, when and why').action(
    perform<{ history?: boolean }>(async (session, { history }, [given]) => {
      const name = checkModelName(given);
      const models = await registeredModels(session, name);
      if (models.length === 0)
        return { json: { models }, text: 'no model is registered yet: `run` makes one' };
      if (!history) {
        const rows = models.flatMap((model) =>
          model.versions.map(({ version, createdAt, scores, scoredOn }) => [
            `${model.name} v${version}`,
            roleOf(model, version),
            meanMape(scores),
            scoredOn === null ? '-' : spellScored(scoredOn),
            createdAt?.slice(0, 16) ?? 'damaged',
          ]),
        );
        const damaged = models.flatMap(({ versions }) => versions.flatMap((one) => one.damaged ?? []));
        const list = table(['version', 'role', 'mean MAPE, %', 'of', 'registered'], rows);
        return { json: { models }, text: [list, ...(damaged.length > 0 ? ['', ...damaged] : [])] };
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
      const lines = events.map(({ model, at, kind, version, by, identity, reason }) =>
        oneLine(
          `${at}  ${model} v${version ?? '-'}  ${kind} by ${by} (${identity})${reason ? `: ${reason}` : ''}`,
        ),
      );
      return { json: { models, events }, text: lines.length > 0 ? lines : 'nothing has happened yet' };
    }),
  );
}

function roleOf({ champion, canary }: ModelListing, version: number): string {
  if (champion?.version === version) return 'champion';
  return canary?.version === version ? `canary, share ${canary.share}` : '';
}

/** `5 regions, 2018, 43790 h`: what the mean is of; those of different hours are not comparable. */
export function spellScored({ regions, from, to, hours }: ScoredOn): string {
  const period = from === null || to === null ? [] : [from === to ? from : `${from}..${to}`];
  const where = regions.length <= 2 ? regions.join(', ') : counted(regions.length, 'region');
  return [where, ...period, `${hours} h`].join(', ');
}

function meanMape(scores: RegionScore[]): string {
  const values = scores.map(({ mape }) => mape['model']).filter((value) => typeof value === 'number');
  return values.length === 0
    ? '-'
    : (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(2);
}
