import type { BlockAttention } from '../../attention/block-attention.ts';
import type { RegisteredNetwork } from '../../export/network.ts';
import type { Engine } from '../../model/transformer.ts';
import { Collectives } from '../../ring/collectives.ts';
import type { Runner } from '../engine/runner.ts';
import { DEFAULT_SIGNATURE } from '../signature.ts';
import { layoutOf } from '../../model/parameters.ts';
import { boundsOf, outputsOf, questionsOf, type Answer } from './questions.ts';
import { signaturesOf } from './signature.ts';
import { StagePass } from './stage-pass.ts';

const WHOLE = { stages: 1, ranks: 1, stage: 0, rank: 0 };

/**
 * A network in this thread: all that its shards compute, as one of one. It has its graph's signature and answers, and
 * is computed by the code that trained it, a history at a time.
 */
export function wholeNetwork(network: RegisteredNetwork, attention: BlockAttention): Runner {
  const { config, weights, sha256 } = network;
  const pass = new StagePass(network, WHOLE, layoutOf(config), weights);
  const signatures = signaturesOf(network);
  const signature = signatures.get(DEFAULT_SIGNATURE)!;
  const engine: Engine = { ring: Collectives.alone(), attention, pause: async () => undefined };
  return {
    ...{ signatures, sha256, bytes: weights.byteLength, bounds: boundsOf(network) },
    run: async (_, inputs) => {
      const answers: Answer[] = [];
      for (const question of questionsOf(network, signature, inputs)) {
        const { history, hours, region, features, day, baseMw } = question;
        const channels = config.channels.length;
        const made = await pass.run(
          {
            ...{ hours, region, rows: history, lastRow: history.subarray(-channels) },
            issue: { features, day, baseMw },
          },
          engine,
        );
        if (made.kind === 'answer') answers.push(made);
      }
      return outputsOf(signature, answers);
    },
    close: () => undefined,
  };
}
