import { MissingDataError } from '../errors.ts';
import type { ModelListing } from '../registry/stage.ts';
import type { Session } from './session.ts';
import { callStage } from './stage-call.ts';

/** All models, or the one of that name, which must be there. */
export async function registeredModels(session: Session, name: string | undefined): Promise<ModelListing[]> {
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
