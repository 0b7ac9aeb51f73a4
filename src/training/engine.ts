import type { Engine } from '../model/transformer.ts';
import type { Backend } from '../ring/backend.ts';
import type { BlockAttention } from '../ring/block-attention.ts';
import type { Collectives } from '../ring/collectives.ts';
import type { Travel } from '../ring/wire.ts';
import { WireError } from '../ring/wire-error.ts';
import type { ResolvedTraining } from './settings.ts';

/** What a segment computes with, in the precision that its settings ask for; refused where the backend has it not. */
export class TrainingEngine implements Engine {
  readonly ring: Collectives;
  readonly attention: BlockAttention;
  readonly pause: () => Promise<void>;
  travel: Travel;
  readonly #rounding: WireError | undefined;

  constructor(
    ring: Collectives,
    backend: Pick<Backend, 'attention'>,
    { precision, wire }: Pick<ResolvedTraining, 'precision' | 'wire'>,
    pause: () => Promise<void>,
  ) {
    this.ring = ring;
    this.attention = backend.attention(precision);
    this.pause = pause;
    this.#rounding = wire === 'float32' ? undefined : new WireError();
    this.travel = { wire, error: this.#rounding };
  }

  /** Comparing all that is sent with what was meant costs more than sending it: one step of a segment is enough. */
  stepEnded(): void {
    this.travel = { wire: this.travel.wire };
  }

  /** What rounding took from all that this slot sent in its first step; absent where nothing is rounded. */
  get wireError(): string | undefined {
    const measured = this.#rounding && Object.keys(this.#rounding.relative()).length > 0;
    return measured ? String(this.#rounding) : undefined;
  }
}
