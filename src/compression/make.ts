import type { CompressionSettings, DistilSettings, PruneSettings } from '../contracts/compression.ts';
import { firstHourOf, lastHourOf } from '../contracts/time.ts';
import { detailsOf } from '../backtest/dataset.ts';
import { firstIssueFrom, issuesOf, type IssueTable } from '../day-ahead/issue-table.ts';
import { readIssueTable } from '../day-ahead/read.ts';
import { PUBLICATION_DELAY } from '../forecasters/cells.ts';
import { DatasetSource } from '../forecasters/trained-network.ts';
import { transformer } from '../forecasters/transformer.ts';
import { TRANSFORMER, transformerWeights } from '../forecasters/transformer-weights.ts';
import { canonicalJson } from '../lake/canonical.ts';
import { encodeSafetensors, readSafetensors, type Tensor } from '../lake/safetensors.ts';
import type { ModelConfig } from '../model/config.ts';
import { layoutOf, type ParameterLayout } from '../model/parameters.ts';
import { predictorOf } from '../model/predictor.ts';
import { flatWeights, namedTensors } from '../model/weights.ts';
import type { StageContext } from '../stages/context.ts';
import { REFIT, type RefitSettings } from '../training/refit-head.ts';
import type { Candidate, Taught, Weights } from './candidate.ts';
import type { Parent } from './parent.ts';
import { keepZeros, prune, sparseTensors } from './prune.ts';
import { quantisedTensors } from './quantise.ts';
import { studentConfig, studentWeights } from './student.ts';
import { teach } from './teach.ts';

/** Of the peak learning rate, for a network that has its weights but some. */
const PRUNED_RATE = 0.25;

/** The network as it is, by its own files, in the same terms as a smaller one. */
export function asItIs({ config, trained, trainedFile, forecasters }: Parent): Candidate {
  return {
    config,
    training: { weights: trained, file: trainedFile },
    forecasters: forecasters.map(({ weights, files }) => ({ weights, file: files.get(TRANSFORMER)! })),
  };
}

/** Makes a smaller network in memory; what it is worth nobody knows yet. */
export async function makeSmaller(
  context: StageContext,
  parent: Parent,
  settings: CompressionSettings,
): Promise<Candidate> {
  switch (settings.method) {
    case 'quantise':
      return stored(parent, (weights) => fileOf(parent.config, weights, quantisedTensors));
    case 'prune':
      return settings.steps > 0 ? trainedPruned(context, parent, settings) : pruned(parent, settings);
    case 'distil':
      return distilled(context, parent, settings);
  }
}

const stored = ({ config, trained, forecasters }: Parent, store: (weights: Float32Array) => Weights) => ({
  config,
  training: store(trained),
  forecasters: forecasters.map(({ weights }) => store(weights)),
});

const pruned = (parent: Parent, { sparsity }: PruneSettings) =>
  stored(parent, (weights) => cut(parent.config, weights, sparsity));

function cut(config: ModelConfig, weights: Float32Array, sparsity: number): Weights {
  const own = weights.slice();
  prune(own, layoutOf(config), sparsity);
  return fileOf(config, own, sparseTensors);
}

async function trainedPruned(
  context: StageContext,
  parent: Parent,
  { sparsity, steps, seed }: PruneSettings,
): Promise<Candidate> {
  const { config, trained } = parent;
  const layout = layoutOf(config);
  const weights = trained.slice();
  prune(weights, layout, sparsity);
  const pattern = weights.slice();
  const keep = (own: Float32Array) => keepZeros(own, pattern, layout);
  const taught = await teach(
    context.home,
    { config, weights: trained },
    { config, weights },
    {
      ...lessons(context, parent, { steps, seed }),
      rate: PRUNED_RATE,
      afterStep: keep,
    },
  );
  const fitted = await fittedHeads(context, parent, config, weights, keep);
  return {
    config,
    training: fileOf(config, weights, sparseTensors),
    forecasters: fitted.map((own) => fileOf(config, own, sparseTensors)),
    taught,
  };
}

async function distilled(
  context: StageContext,
  parent: Parent,
  settings: DistilSettings,
): Promise<Candidate> {
  const config = studentConfig(parent.config, settings);
  const teacher = { config: parent.config, weights: parent.trained };
  const weights = studentWeights(teacher, config, settings.seed);
  const taught = await teach(
    context.home,
    teacher,
    { config, weights },
    { ...lessons(context, parent, settings), rate: 1 },
  );
  const fitted = await fittedHeads(context, parent, config, weights);
  return {
    config,
    training: fileOf(config, weights, namedTensors),
    forecasters: fitted.map((own) => fileOf(config, own, namedTensors)),
    taught,
  };
}

const lessons = (
  { signal, progress }: StageContext,
  { sequences }: Parent,
  { steps, seed }: Pick<Taught, 'steps'> & { seed: number },
) => ({
  sequences: sequences.reference,
  steps,
  seed,
  signal,
  progress: (done: number, note: string) =>
    progress({ stage: 'teach', done, total: steps, unit: 'steps', note }),
});

/** The head fitted with each of the parent's forecasters, on what that knew, as a fit does it. */
async function fittedHeads(
  { home, signal }: StageContext,
  { scaling, sequenceLength, sequences, forecasters }: Parent,
  config: ModelConfig,
  weights: Float32Array,
  afterStep?: RefitSettings['afterStep'],
): Promise<Float32Array[]> {
  const { train } = detailsOf(sequences.manifest);
  const trainedBy = lastHourOf(train.to) + PUBLICATION_DELAY;
  await using source = new DatasetSource(home, sequences.manifest);
  const model = await predictorOf(config, weights);
  const network = transformer({ model, scaling, sequenceLength, trainedBy }, source, {
    ...REFIT,
    ...(afterStep && { afterStep }),
  });
  const fitted: Float32Array[] = [];
  for (const { details, manifest } of forecasters) {
    const { knownBy, regions } = details.ensemble;
    const tables: IssueTable[] = [];
    for (const region of regions) {
      const whole = await readIssueTable(home, sequences.manifest, region);
      const [from, to] = [firstIssueFrom(whole, firstHourOf(train.from)), firstIssueFrom(whole, knownBy)];
      tables.push(issuesOf(whole, { from, to }));
    }
    const head = await network.fit({ tables, knownBy }, { seed: seedOf(manifest.madeBy.settings), signal });
    fitted.push(transformerWeights(head.save(), layoutOf(config)).slice());
  }
  return fitted;
}

const seedOf = (settings: unknown): number => Number((settings as { seed?: unknown } | null)?.seed ?? 1);

function fileOf(
  config: ModelConfig,
  weights: Float32Array,
  tensorsOf: (weights: Float32Array, layout: ParameterLayout) => Record<string, Tensor>,
): Weights {
  const layout = layoutOf(config);
  const file = encodeSafetensors(tensorsOf(weights, layout), { model: canonicalJson(config) });
  // As whoever loads it reads it: what is judged is the file.
  return { weights: flatWeights(readSafetensors(file), layout, 'The smaller network'), file };
}
