import type { Command } from 'commander';
import type { ArtifactReference } from '../contracts/artifact.ts';
import type { TrainingSettings } from '../contracts/training.ts';
import type { Home } from '../lake/home.ts';
import { resolveDataset } from './datasets.ts';

/** What a search hands to the main job: itself for the fit, and how the network is trained. */
export interface FromSearch {
  reference: ArtifactReference;
  /** ISO dates. */
  validation: { from: string; to: string };
  training: Partial<TrainingSettings>;
  sequenceLength?: number;
}

/** How a network was trained in a search decides what it can do; where, and from which seed, does not. */
const TAKEN = [
  ...(['preset', 'sequencesPerStep', 'window', 'width', 'layers', 'heads', 'kvHeads'] as const),
  ...(['learningRate', 'hourlyWeight', 'loss', 'dropout'] as const),
];

export const addFromSearchFlag = (command: Command): Command =>
  command.option(
    '--from-search [uri]',
    'take the settings and the ensemble that a search found; a search manifest of the home (default: the newest)',
  );

/** The search that a person names, or the newest that came to a result. */
export const resolveSearch = (home: Home, given: string | true): Promise<ArtifactReference> =>
  resolveDataset(home, 'search', given === true ? undefined : given, ({ best }) => best !== undefined);

export async function fromSearch(home: Home, given: string | true): Promise<FromSearch> {
  const { readFound } = await import('../search/found.ts');
  const reference = await resolveSearch(home, given);
  const { validation, plan, best } = await readFound(home, reference);
  if (!best.transformer) return { reference, validation, training: {} };
  const common: Partial<TrainingSettings> = plan.training ?? {};
  const taken = TAKEN.filter((name) => common[name] !== undefined).map((name) => [name, common[name]]);
  const { sequenceLength, ...own } = best.transformer.settings;
  return {
    reference,
    validation,
    training: { ...Object.fromEntries(taken), ...own, maxSteps: plan.maxSteps },
    sequenceLength: typeof sequenceLength === 'number' ? sequenceLength : plan.sequenceLength,
  };
}
