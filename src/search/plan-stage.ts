import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import {
  sequencesCut,
  type SearchBracket,
  type SearchFamily,
  type SearchInput,
  type SearchPlan,
  type TrialSettings,
} from '../contracts/search.ts';
import { sequencesInput } from '../contracts/stages.ts';
import { BadInputError, CorruptArtifactError, MissingDataError } from '../errors.ts';
import { readManifest } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { newestManifest } from '../lake/newest-manifest.ts';
import { PRESETS } from '../model/config.ts';
import type { StageContext } from '../stages/context.ts';
import { halvingRungs } from './halving.ts';
import { drawTrials } from './sampling.ts';
import { isPossibleConfiguration, requireKnownSettings } from './settings.ts';
import { validationPeriods } from './validation-period.ts';

/** What a sequences manifest says of its periods. */
const periods = sequencesInput.pick({ train: true, score: true, sequenceLength: true }).strip();

/**
 * Decides what a search tries: which configurations, in which rungs, trained on which hours and scored on which. Reads
 * the sequences that a person would train on; the year that these score stays unseen.
 */
export async function planSearch({ home }: StageContext, input: SearchInput): Promise<SearchPlan> {
  input.space.forEach(requireKnownSettings);
  const { reference, manifest } = await sequencesOf(home, input.sequences);
  const [features] = manifest.inputs;
  const cut = sequencesCut.safeParse(manifest.details);
  const when = periods.safeParse(manifest.details);
  if (!cut.success || !when.success || !features) {
    throw new CorruptArtifactError(`${reference.uri} does not say how it was cut.`, 'Run `sequences` again.');
  }
  const { score: scored, train: known, sequenceLength } = when.data;
  return {
    sequences: reference,
    features,
    cut: cut.data,
    ...validationPeriods({ known, scored, asked: input.validation }),
    scored,
    sequenceLength,
    maxSteps: wholeSteps(input),
    training: input.training,
    brackets: bracketsOf(input),
  };
}

export function bracketsOf(input: SearchInput): SearchBracket[] {
  const { space, trials: wanted, seed, eta, training } = input;
  const isPossible = (family: SearchFamily, settings: TrialSettings) =>
    isPossibleConfiguration(family.forecaster, settings, training);
  const trials = drawTrials(space, { seed, trials: wanted, isPossible });
  const leastShare = Math.min(1, input.minSteps / wholeSteps(input));
  const brackets = space.flatMap(({ forecaster }) => {
    const own = trials.filter((trial) => trial.forecaster === forecaster);
    const rungs = halvingRungs({ trials: own.length, eta, leastShare });
    return own.length > 0 ? [{ forecaster, trials: own, rungs }] : [];
  });
  if (brackets.length > 0) return brackets;
  throw new BadInputError(
    'The space holds no configuration that can be trained.',
    'Give widths of 8 to 128 a head, twice the heads dividing the width.',
  );
}

const wholeSteps = ({ maxSteps, training }: SearchInput) => maxSteps ?? PRESETS[training.preset].maxSteps;

interface Found {
  reference: ArtifactReference;
  manifest: Manifest;
}

async function sequencesOf(home: Home, named: ArtifactReference | undefined): Promise<Found> {
  if (named) return { reference: named, manifest: await readManifest(home, named, 'sequences') };
  const found = await newestManifest(home, 'sequences', isForTraining);
  if (found && isForTraining(found.manifest.details)) return found;
  throw new MissingDataError(
    `${home.root} holds no sequences to train on.`,
    'Cut some with `sequences`, or with `run` the whole chain.',
  );
}

const isForTraining = ({ purpose, windows }: Manifest['details']) =>
  purpose === undefined &&
  Object.values((windows ?? {}) as Record<string, unknown[]>).some((starts) => starts.length > 0);
