import type { BlockAttention } from '../../attention/block-attention.ts';
import type { RegisteredNetwork } from '../../export/network.ts';
import type { Engine } from '../../model/transformer.ts';
import { Collectives } from '../../ring/collectives.ts';
import type { Runner } from '../engine/runner.ts';
import { DEFAULT_SIGNATURE } from '../signature.ts';
import type { TensorMap } from '../tensor.ts';
import { layoutOf } from '../../model/parameters.ts';
import { isSameHistory, type KeptStates, OF_THIS_THREAD } from './kept-states.ts';
import { boundsOf, outputsOf, questionsOf, type Answer, type Question } from './questions.ts';
import { signaturesOf } from './signature.ts';
import { StagePass } from './stage-pass.ts';

const WHOLE = { stages: 1, ranks: 1, stage: 0, rank: 0 };

/**
 * A network in this thread: all that its shards compute, as one of one. It has its graph's signature and answers, and
 * is computed by the code that trained it, a history at a time. Callers of one hour ask about the same few histories, one
 * of each region: of those that run together each is thought through once, and its state answers all that is asked of it.
 * `runRemembering` looks for it among those of the runs before, too.
 */
export function wholeNetwork(
  network: RegisteredNetwork,
  attention: BlockAttention,
  kept = OF_THIS_THREAD,
): Runner {
  const { config, weights, sha256 } = network;
  const pass = new StagePass(network, WHOLE, layoutOf(config), weights);
  const signatures = signaturesOf(network);
  const signature = signatures.get(DEFAULT_SIGNATURE)!;
  const engine: Engine = { ring: Collectives.alone(), attention, pause: async () => undefined };
  const run = async (inputs: TensorMap, before?: KeptStates): Promise<TensorMap> => {
    const answers: Answer[] = [];
    const seen: { question: Question; state: Float32Array }[] = [];
    for (const question of questionsOf(network, signature, inputs)) {
      const { history, hours, region, features, day, baseMw } = question;
      const share = {
        ...{ hours, region, rows: history, lastRow: history.subarray(-config.channels.length) },
        issue: { features, day, baseMw },
      };
      let state =
        seen.find((one) => isSameHistory(one.question, question))?.state ?? before?.find(pass, question);
      if (!state) {
        state = (await pass.states(share, engine))!.slice();
        seen.push({ question, state });
        before?.keep(pass, question, state);
      }
      answers.push(pass.answer(state, share));
    }
    return outputsOf(signature, answers);
  };
  return {
    ...{ signatures, sha256, bytes: weights.byteLength, bounds: boundsOf(network) },
    run: (_, inputs) => run(inputs),
    runRemembering: (_, inputs) => run(inputs, kept),
    close: () => kept.forget(pass),
  };
}
