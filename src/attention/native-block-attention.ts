import type { Kernels, KernelVariant, Precision } from '../native/kernels.ts';
import type {
  AttentionState,
  BlockAttention,
  BlockGradient,
  BlockOptions,
  KeyValueBlock,
  OutputGradient,
  QueryBlock,
} from './block-attention.ts';

/** How often messages are let in while a block is computed: often enough for heartbeats, too seldom to be felt. */
const PAUSE_MS = 30;

/** The block by the compiled kernel: on threads of its own, so that the event loop stays free. */
export class NativeBlockAttention implements BlockAttention {
  readonly #kernels: Kernels;
  readonly #settings: { variant: KernelVariant; threads: number; precision: Precision };

  constructor(
    kernels: Kernels,
    {
      variant,
      threads,
      precision,
    }: { variant?: KernelVariant; threads: number; precision?: Precision | undefined },
  ) {
    this.#kernels = kernels;
    this.#settings = {
      variant: variant ?? kernels.variants[0]!,
      threads,
      precision: precision ?? 'float32',
    };
  }

  forward(
    state: AttentionState,
    queries: QueryBlock,
    keyValues: KeyValueBlock,
    options: BlockOptions,
  ): Promise<void> {
    const { out, max, sum } = state;
    return this.#attend(options, (ticket) =>
      this.#kernels.attentionForward({
        ...this.#call(ticket, queries, keyValues, options),
        out,
        max,
        sum,
      }),
    );
  }

  backward(
    gradient: BlockGradient,
    output: OutputGradient,
    queries: QueryBlock,
    keyValues: KeyValueBlock,
    options: BlockOptions,
  ): Promise<void> {
    const { dq, dk, dv } = gradient;
    const { dOut, lse, delta } = output;
    return this.#attend(options, (ticket) =>
      this.#kernels.attentionBackward({
        ...this.#call(ticket, queries, keyValues, options),
        dOut,
        lse,
        delta,
        dq,
        dk,
        dv,
      }),
    );
  }

  #call(ticket: number, queries: QueryBlock, keyValues: KeyValueBlock, options: BlockOptions) {
    const { heads, kvHeads, headDim, causal, window } = options;
    return {
      ticket,
      ...this.#settings,
      heads,
      kvHeads,
      headDim,
      causal,
      window,
      q: queries.q,
      queryPositions: queries.positions,
      k: keyValues.k,
      v: keyValues.v,
      keyPositions: keyValues.positions,
    };
  }

  /** Pauses now and then until the call is done. When a pause throws, nobody may touch the arrays before it is. */
  async #attend({ pause }: BlockOptions, start: (ticket: number) => Promise<boolean>): Promise<void> {
    const ticket = this.#kernels.ticket();
    const call = start(ticket);
    let ended = false;
    const end = call.then(
      () => (ended = true),
      () => (ended = true),
    );
    try {
      for (;;) {
        await orAfter(end, PAUSE_MS);
        if (ended) break;
        await pause();
      }
    } catch (error) {
      this.#kernels.cancel(ticket);
      await end;
      throw error;
    }
    await call;
  }
}

async function orAfter(end: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([end, late]);
  clearTimeout(timer);
}
