import { z } from 'zod';
import type { ArtifactReference, Manifest } from '../contracts/artifact.ts';
import { regionCode } from '../contracts/regions.ts';
import { sequencesInput, type BacktestInput } from '../contracts/stages.ts';
import { dateRange, firstHourOf, lastHourOf } from '../contracts/time.ts';
import { CorruptArtifactError, MissingDataError, describeIssues } from '../errors.ts';
import { readManifest } from '../lake/artifacts.ts';
import { cutSequences } from '../sequences/stage.ts';
import type { StageContext } from '../stages/context.ts';
import { requireUnseen } from './backtest.ts';

const cutDetails = z.looseObject({
  regions: z.array(regionCode),
  train: dateRange,
  score: dateRange,
  sequenceLength: z.number(),
  stride: z.number(),
  horizon: z.number(),
  // What issue tables rest on, the normaliser says; datasets of before them have neither.
  issueHourLocal: sequencesInput.shape.issueHourLocal,
  inputs: sequencesInput.shape.inputs,
});

/**
 * The sequences to score a model on: its own where they hold the hours of this very record, else the newer record's
 * cut as its own were, by its own normaliser, with the regions that both have.
 */
export async function sequencesFor(
  context: StageContext,
  { sequences, features, score }: BacktestInput,
): Promise<ArtifactReference> {
  if (!features) return sequences;
  const { home } = context;
  const own = await readManifest(home, sequences, 'sequences');
  const details = detailsOf(own);
  requireUnseen(score, details.train);
  const holds =
    firstHourOf(details.score.from) <= firstHourOf(score.from) &&
    lastHourOf(details.score.to) >= lastHourOf(score.to);
  if (holds && own.inputs[0]?.sha256 === features.sha256) return sequences;
  const { files } = await readManifest(home, features, 'features');
  const regions = details.regions.filter((region) => files.some((file) => file.region === region));
  const normaliser = own.files.find(({ role }) => role === 'normaliser');
  if (regions.length === 0 || !normaliser) {
    throw new MissingDataError(
      `The newer record has none of ${details.regions.join(', ')}.`,
      'Make features of a region that the model was trained on.',
    );
  }
  const { train, sequenceLength, stride, horizon, issueHourLocal, inputs } = details;
  const { uri, sha256, bytes } = normaliser;
  const { dataset } = await cutSequences(context, {
    ...{ dataset: features, regions, train, score, sequenceLength, stride, horizon, issueHourLocal, inputs },
    normaliser: { uri, sha256, bytes },
  });
  return dataset;
}

function detailsOf({ key, details }: Manifest) {
  const parsed = cutDetails.safeParse(details);
  if (parsed.success) return parsed.data;
  throw new CorruptArtifactError(
    `The sequences manifest ${key} does not say how it was cut (${describeIssues(parsed.error.issues)}).`,
    'Run `sequences` again.',
  );
}
