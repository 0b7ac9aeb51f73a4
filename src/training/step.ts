import type { IssueMasks } from '../model/issue-head.ts';
import type { Engine, Tokens, Transformer } from '../model/transformer.ts';
import { applyAdamW, clipByGlobalNorm, type OptimizerState } from './adamw.ts';
import { dropoutMasks } from './dropout.ts';
import { lossOf } from './loss.ts';
import type { SequenceShare } from './sequences-dataset.ts';
import type { ResolvedTraining } from './settings.ts';

/** What rank 0 wants of a step: to be taken, or not, because the run is finished or someone asked to halt. */
export type Verdict = 'go' | 'halted' | 'finished';
const VERDICTS: readonly Verdict[] = ['go', 'halted', 'finished'];

export interface StepOutcome {
  /** Weighted mean over all valid targets of the ring, in units of the output scale. */
  loss: number;
  learningRate: number;
  gradientNorm: number;
}

/** What stays the same from step to step. */
export interface StepContext {
  model: Transformer;
  settings: ResolvedTraining;
  engine: Engine;
  /** Of this rank's tokens. */
  positions: Int32Array;
  /** This rank's share of the run's n-th sequence, counted from 0 over all steps. */
  shareAt(sequence: number): Promise<SequenceShare>;
}

/**
 * One step, the same on every rank: agree, then for each of its sequences forward, loss and backward; sum the
 * gradients over the ring, divide by all its targets, clip, AdamW. Sequences only add to one gradient, so memory does
 * not grow with their number. `decision` is looked at on rank 0 only; the others follow it.
 */
export async function trainStep(
  { model, settings, engine, positions, shareAt }: StepContext,
  optimizer: OptimizerState,
  decision: { verdict: Verdict; rate: number },
): Promise<StepOutcome | Exclude<Verdict, 'go'>> {
  const { ring } = engine;
  const said = await ring.allGatherNumbers([VERDICTS.indexOf(decision.verdict), decision.rate]);
  const [code, rate] = said[0] as [number, number];
  const verdict = VERDICTS[code]!;
  if (verdict !== 'go') return verdict;

  const { sequencesPerStep, gradientCheckpointing: checkpointing } = settings;
  const gradient = new Float32Array(model.layout.size);
  const own = { loss: 0, targets: 0 };
  for (let i = 0; i < sequencesPerStep; i++) {
    const sequence = optimizer.step * sequencesPerStep + i;
    const share = await shareAt(sequence);
    const tokens = tokensOf(share, positions, masksOf(model.config, settings, sequence, share, positions));
    const { outputs, trace } = await model.forward(optimizer.weights, tokens, engine, { checkpointing });
    const part = lossOf(model.config, settings, outputs, share);
    own.loss += part.sum;
    own.targets += part.total;
    await model.backward(optimizer.weights, tokens, trace, part.gradient, engine, gradient);
  }

  await ring.allReduce(gradient);
  const sums = await ring.allGatherNumbers([own.loss, own.targets]);
  // A step without a single target teaches nothing; dividing by 1 keeps its zero gradient zero.
  const targets = sums.reduce((sum, [, count]) => sum + count!, 0) || 1;
  const { norm, factor } = clipByGlobalNorm(gradient, targets, settings.clipNorm);
  const learningRate = settings.learningRate * rate;
  applyAdamW(optimizer, gradient, model.layout, { learningRate, factor }, settings.optimizer);
  return { loss: sums.reduce((sum, [loss]) => sum + loss!, 0) / targets, learningRate, gradientNorm: norm };
}

/** What the model is given of a share: what lies ahead of its tokens only the loss sees. */
export const tokensOf = (
  { inputs, region, issues }: SequenceShare,
  positions: Int32Array,
  masks?: IssueMasks,
): Tokens => ({
  inputs,
  positions,
  region,
  issues: issues && { tokens: issues.tokens, features: issues.features, day: issues.day, masks },
});

function masksOf(
  { issueHead, width }: Transformer['config'],
  { seed, dropout }: ResolvedTraining,
  sequence: number,
  { issues }: SequenceShare,
  positions: Int32Array,
): IssueMasks | undefined {
  if (!issues || !issueHead) return undefined;
  const standing = issues.tokens.map((token) => positions[token]!);
  return dropoutMasks(dropout, { seed, sequence }, standing, issueHead, width);
}
