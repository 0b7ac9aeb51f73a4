import { modelNames, noSuchModel } from '../registry/layout.ts';
import type { ModelListing } from '../registry/stage.ts';
import type { Session } from './session.ts';
import { callStage } from './stage-call.ts';

/** All models, or the one of that name, which must be there. */
export async function registeredModels(session: Session, name: string | undefined): Promise<ModelListing[]> {
  const models = await callStage(session, 'listModels', {});
  if (name === undefined) return models;
  const named = models.filter((model) => model.name === name);
  if (named.length > 0) return named;
  throw noSuchModel(
    name,
    models.map((model) => model.name),
  );
}

/** Refuses the name of no model. It reads the names alone: what lists models takes longer to load than a rollback. */
export async function requireRegistered(session: Session, name: string): Promise<void> {
  const names = await modelNames(await session.home());
  if (!names.includes(name)) throw noSuchModel(name, names);
}
