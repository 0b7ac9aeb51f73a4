import type { ArtifactReference } from '../contracts/artifact.ts';
import { trainingSettings } from '../contracts/training.ts';
import { startBackend } from '../backend/backend.ts';
import type { Home } from '../lake/home.ts';
import type { ModelConfig } from '../model/config.ts';
import { Transformer, type Engine, type Outputs } from '../model/transformer.ts';
import { Collectives } from '../ring/collectives.ts';
import { applyAdamW, clipByGlobalNorm, freshState } from '../training/adamw.ts';
import { pauser } from '../training/controls.ts';
import { dropoutMasks } from '../training/dropout.ts';
import { leadWeights, lossOf, weightedLoss, type Loss } from '../training/loss.ts';
import { sequenceAt } from '../training/order.ts';
import { rateAt } from '../training/schedule.ts';
import { SequencesDataset, type SequenceShare } from '../training/sequences-dataset.ts';
import { resolveTraining, type ResolvedTraining } from '../training/settings.ts';
import { tokensOf } from '../training/step.ts';
import type { Taught } from './candidate.ts';

interface Network {
  config: ModelConfig;
  weights: Float32Array;
}

export interface Lessons {
  sequences: ArtifactReference;
  steps: number;
  seed: number;
  /** Of the peak learning rate of a training: less for a network that has little to find again. */
  rate: number;
  /** After every step, on the weights in place. */
  afterStep?(weights: Float32Array): void;
  signal: AbortSignal;
  progress(done: number, note: string): void;
}

/**
 * Trains a network, in place, to answer as another does (Hinton et al. 2015, arXiv:1503.02531) and as the outcomes were,
 * each half: on the sequences that the other was trained on and no others. Quantiles and hourly ratios of the two are
 * held together by the loss that hourly ratios are trained with.
 */
export async function teach(
  home: Home,
  { config: taughtBy, weights: known }: Network,
  { config, weights }: Network,
  { sequences, steps, seed, rate, afterStep, signal, progress }: Lessons,
): Promise<Taught> {
  await using dataset = await SequencesDataset.open(home, sequences);
  const settings = resolveTraining(trainingSettings.parse({ seed, maxSteps: steps }));
  const [teacher, student] = [new Transformer(taughtBy), new Transformer(config)];
  const backend = await startBackend();
  const engine: Engine = {
    ring: Collectives.alone(),
    attention: backend.attention(),
    pause: pauser(signal, () => undefined),
  };
  const positions = Int32Array.from({ length: dataset.details.sequenceLength }, (_, hour) => hour);
  const optimizer = freshState(weights);
  const history: Taught['history'] = [];
  const started = performance.now();
  for (let step = 0; step < steps; step++) {
    const window = dataset.windows[sequenceAt(sequences.sha256, seed, step, dataset.windows.length)]!;
    const share = await dataset.share(window, positions);
    const unmasked = tokensOf(share, positions);
    const { outputs: answers } = await teacher.forward(known, unmasked, engine, { checkpointing: true });
    const tokens = tokensOf(share, positions, masksOf(config, settings, step, share, positions));
    const { outputs, trace } = await student.forward(weights, tokens, engine);
    const [truth, likeness] = [
      lossOf(config, settings, outputs, share),
      likenessOf(config, settings, outputs, answers),
    ];
    add(truth.gradient.hourly, likeness.gradient.hourly);
    add(truth.gradient.issues, likeness.gradient.issues);
    const gradient = await student.backward(weights, tokens, trace, truth.gradient, engine);
    const total = truth.total + likeness.total || 1;
    const { factor } = clipByGlobalNorm(gradient, total, settings.clipNorm);
    const learningRate = rate * settings.learningRate * rateAt((step + 1) / steps, settings.schedule);
    applyAdamW(optimizer, gradient, student.layout, { learningRate, factor }, settings.optimizer);
    afterStep?.(weights);
    const loss = (truth.sum + likeness.sum) / total;
    history.push({ step: step + 1, loss, learningRate, seconds: (performance.now() - started) / 1000 });
    progress(step + 1, `loss ${loss.toFixed(4)}`);
  }
  return { steps, seconds: (performance.now() - started) / 1000, history };
}

/** What lies between two networks' answers, weighed as outcomes are. */
function likenessOf(
  { horizon, issueHead }: ModelConfig,
  { leads: emphasis, bend, hourlyWeight }: ResolvedTraining,
  outputs: Outputs,
  answers: Outputs,
): Loss {
  const leads = leadWeights(horizon, emphasis);
  const options = { scale: 1, bend };
  const hourly = weightedLoss(
    outputs.hourly,
    answers.hourly,
    leads.map((weight) => weight * hourlyWeight),
    options,
  );
  const levels = issueHead!.quantiles.length;
  const worth = leads.reduce((sum, weight) => sum + weight, 0) / levels;
  const ahead = weightedLoss(outputs.issues, answers.issues, new Float64Array(levels).fill(worth), options);
  return {
    sum: hourly.sum + ahead.sum,
    total: hourly.total + ahead.total,
    gradient: { hourly: hourly.gradient, issues: ahead.gradient },
  };
}

function masksOf(
  { issueHead, width }: ModelConfig,
  { seed, dropout }: ResolvedTraining,
  sequence: number,
  { issues }: SequenceShare,
  positions: Int32Array,
) {
  const standing = issues!.tokens.map((token) => positions[token]!);
  return dropoutMasks(dropout, { seed, sequence }, standing, issueHead!, width);
}

function add(into: Float32Array, from: Float32Array): void {
  for (let i = 0; i < into.length; i++) into[i] = into[i]! + from[i]!;
}
