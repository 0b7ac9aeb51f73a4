import { BadInputError, messageOf } from '../errors.ts';
import type { Engine } from '../model/transformer.ts';
import type { Backend } from '../backend/backend.ts';
import type { BlockAttention } from '../attention/block-attention.ts';
import type { Collectives } from '../ring/collectives.ts';
import { NO_SCORE } from '../attention/softmax.ts';
import type { Travel } from '../ring/wire.ts';
import { WireError } from '../ring/wire-error.ts';
import type { ResolvedTraining } from './settings.ts';

/** In the very first step all gradients are zero, because the output weights are. */
const MEASURED_STEPS = 3;

/** What a segment computes with, in the precision that its settings ask for; refused where the backend has it not. */
export class TrainingEngine implements Engine {
  readonly ring: Collectives;
  readonly attention: BlockAttention;
  readonly pause: () => Promise<void>;
  travel: Travel;
  readonly #rounding: WireError | undefined;
  #steps = 0;

  private constructor(
    ring: Collectives,
    attention: BlockAttention,
    wire: ResolvedTraining['wire'],
    pause: () => Promise<void>,
  ) {
    this.ring = ring;
    this.attention = attention;
    this.pause = pause;
    this.#rounding = wire === 'float32' ? undefined : new WireError();
    this.travel = { wire, error: this.#rounding };
  }

  static async open(
    ring: Collectives,
    backend: Pick<Backend, 'attention' | 'kernel'>,
    { precision, wire }: Pick<ResolvedTraining, 'precision' | 'wire'>,
    pause: () => Promise<void>,
  ): Promise<TrainingEngine> {
    const attention = await attentionIn(precision, backend);
    return new TrainingEngine(ring, attention, wire, pause);
  }

  /** Comparing all that is sent with what was meant costs more than sending it: a few steps of a segment are enough. */
  stepEnded(): void {
    if (++this.#steps === MEASURED_STEPS) this.travel = { wire: this.travel.wire };
  }

  /** What rounding took from all that this slot sent in its first steps; absent where nothing is rounded. */
  get wireError(): string | undefined {
    const measured = this.#rounding && Object.keys(this.#rounding.relative()).length > 0;
    return measured ? String(this.#rounding) : undefined;
  }
}

/** Whether a kernel has products of halves depends on the processor, so one token is put to it before a run is. */
async function attentionIn(
  precision: ResolvedTraining['precision'],
  backend: Pick<Backend, 'attention' | 'kernel'>,
): Promise<BlockAttention> {
  if (precision === 'float32') return backend.attention();
  try {
    const attention = backend.attention(precision);
    const token = () => new Float32Array(LEAST_HEAD);
    const positions = Int32Array.of(0);
    const state = { out: token(), max: Float32Array.of(NO_SCORE), sum: new Float32Array(1) };
    await attention.forward(
      state,
      { q: token(), positions },
      { k: token(), v: token(), positions },
      { heads: 1, kvHeads: 1, headDim: LEAST_HEAD, causal: true, pause: () => Promise.resolve() },
    );
    return attention;
  } catch (error) {
    throw new BadInputError(
      `This slot does not compute in ${precision} (kernel: ${backend.kernel ?? 'none'}): ${messageOf(error)}`,
      'Train with precision float32; with wire bfloat16 half as much travels on every machine.',
    );
  }
}

/** Width of a head. */
const LEAST_HEAD = 8;
