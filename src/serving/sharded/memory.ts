import { historyHours, type RegisteredNetwork } from '../../export/network.ts';
import { shapeOf } from '../../model/heads.ts';
import { stageLayout, type Arrangement } from './place.ts';

const MB = 2 ** 20;
/** Node.js, TensorFlow.js and the kernels, before they hold a model. */
const PROCESS_BYTES = 145 * MB;
/** What a chunk of tokens is worked through in, whatever their number (`model/chunks.ts`). */
const CHUNK_BYTES = 24 * MB;
/** Frames with weights that the garbage collector has not come to yet. */
const FRAMES_BYTES = 64 * MB;
/** Arrays of tokens × width at the widest point of a layer: before and after it, queries, what they are answered. */
const WIDTHS = 6;
/** Blocks of keys and values on their way from and to the neighbours. */
const BLOCKS = 3;

type Measured = Pick<RegisteredNetwork, 'config' | 'sequenceLength'>;

/** One network in one process, as `wholeNetwork` holds it. */
export const WHOLE: Arrangement = { stages: 1, ranks: 1 };

/**
 * Bytes that the largest shard of a network needs to answer one whole history, its process included: what is resident
 * at most. docs/serving-sharded.md holds it against what was measured.
 */
export function shardBytes(network: Measured, arrangement: Arrangement): number {
  const stages = Array.from({ length: arrangement.stages }, (_, stage) => {
    const place = { ...arrangement, stage };
    return weightBytes(network, place) + tokenBytes(network, place);
  });
  return PROCESS_BYTES + CHUNK_BYTES + Math.max(...stages);
}

/** The same of a network that is not sharded. */
export const memoryOf = (network: Measured): number => shardBytes(network, WHOLE);

function weightBytes({ config }: Measured, place: { stage: number; stages: number }): number {
  const bytes = 4 * stageLayout(config, place).size;
  return bytes + Math.min(bytes, FRAMES_BYTES);
}

function tokenBytes(network: Measured, { ranks, stage }: Arrangement & { stage: number }): number {
  const { config } = network;
  const { heads, kvHeads, headDim } = shapeOf(config);
  const keysAndValues = 2 * kvHeads * headDim;
  const floats =
    (stage === 0 ? config.channels.length : config.width) +
    WIDTHS * config.width +
    keysAndValues * (ranks === 1 ? 1 : 1 + BLOCKS) +
    // Running maxima, sums and log-sums of the softmax; sine and cosine of the positions.
    3 * heads +
    headDim;
  return 4 * floats * Math.ceil(historyHours(network) / ranks);
}
