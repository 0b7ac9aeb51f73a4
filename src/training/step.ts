import type { Engine, Transformer } from '../model/transformer.ts';
import { applyAdamW, clipByGlobalNorm, type OptimizerState } from './adamw.ts';
import { leadWeights, totalWeight, weightedLoss } from './loss.ts';
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

/**
 * One step on one sequence, the same on every rank: agree, forward, loss over the ring's targets, backward, sum the
 * gradients, clip, AdamW. `decision` is looked at on rank 0 only; the others follow it.
 */
export async function trainStep(
  model: Transformer,
  settings: ResolvedTraining,
  optimizer: OptimizerState,
  share: SequenceShare,
  positions: Int32Array,
  engine: Engine,
  decision: { verdict: Verdict; rate: number },
): Promise<StepOutcome | Exclude<Verdict, 'go'>> {
  const { ring } = engine;
  const weights = leadWeights(model.config.horizon, settings.leads);
  const own = totalWeight(share.targets, weights);
  const said = await ring.allGatherNumbers([own, VERDICTS.indexOf(decision.verdict), decision.rate]);
  const [, code, rate] = said[0] as [number, number, number];
  const verdict = VERDICTS[code]!;
  if (verdict !== 'go') return verdict;

  // A sequence without a single target teaches nothing; dividing by 1 keeps its zero gradient zero.
  const total = said.reduce((sum, [count]) => sum + count!, 0) || 1;
  const tokens = { inputs: share.inputs, positions, region: share.region };
  const { outputs, trace } = await model.forward(optimizer.weights, tokens, engine);
  const { sum, gradient: dOutputs } = weightedLoss(outputs, share.targets, weights, {
    scale: model.config.outputScale,
    bend: settings.bend,
    total,
  });
  const gradient = await model.backward(optimizer.weights, tokens, trace, dOutputs, engine);
  await ring.allReduce(gradient);
  const sums = await ring.allGatherNumbers([sum]);
  const gradientNorm = clipByGlobalNorm(gradient, settings.clipNorm);
  const learningRate = settings.learningRate * rate;
  applyAdamW(optimizer, gradient, model.layout, learningRate, settings.optimizer);
  return { loss: sums.reduce((a, [b]) => a + b!, 0) / total, learningRate, gradientNorm };
}
