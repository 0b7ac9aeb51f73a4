import { Counter, Gauge, type Registry } from 'prom-client';
import type { SegmentInput, SegmentProgress } from '../src/contracts/training.ts';
import type { SlotChild } from './slot-child.ts';

type Slot = Pick<SlotChild, 'listen' | 'train'>;

const BYTES_A_MEGABYTE = 2 ** 20;
const PARTS = ['compute', 'wait', 'transfer', 'data'] as const;
const OUTCOMES = ['finished', 'halted', 'broken'] as const;

/** What a slot's trainings look like to Prometheus. While it does not train its gauges are absent, not zero. */
class TrainingMetrics {
  readonly #gauges: Record<'step' | 'loss' | 'tokens_per_second' | 'memory_bytes' | 'ring_size', Gauge>;
  readonly #share: Gauge;
  readonly steps: Counter;
  readonly segments: Counter<'outcome'>;

  constructor(registry: Registry) {
    const registers = [registry];
    const gauge = (name: string, help: string, more: string[] = []) =>
      new Gauge({ name: `ringwatt_training_${name}`, help, labelNames: ['run', 'rank', ...more], registers });
    this.#gauges = {
      step: gauge('step', 'Steps of the run so far'),
      loss: gauge('loss', 'Loss of the last step'),
      tokens_per_second: gauge('tokens_per_second', 'Hours of all sequences a second, of the whole ring'),
      memory_bytes: gauge('memory_bytes', 'Peak memory of the process that computes'),
      ring_size: gauge('ring_size', 'Slots in the ring'),
    };
    this.#share = gauge(
      'time_share',
      'Share of the last seconds spent computing, waiting for a neighbour (wait) or the next batch (data); transfer, packing and checking, runs alongside',
      ['part'],
    );
    this.steps = new Counter({
      name: 'ringwatt_training_steps_total',
      help: 'Steps that this slot has taken part in, those done again included',
      registers,
    });
    this.segments = new Counter({
      name: 'ringwatt_training_segments_total',
      help: 'Stretches of training that this slot has ended: finished, halted (to go on later) or broken',
      labelNames: ['outcome'],
      registers,
    });
    for (const outcome of OUTCOMES) this.segments.inc({ outcome }, 0);
  }

  show({ runId: run, rank, worldSize }: SegmentInput, progress: SegmentProgress): void {
    const of = { run, rank };
    this.#gauges.step.set(of, progress.step);
    this.#gauges.loss.set(of, progress.loss);
    this.#gauges.tokens_per_second.set(of, progress.tokensPerSecond);
    this.#gauges.memory_bytes.set(of, progress.memoryMb * BYTES_A_MEGABYTE);
    this.#gauges.ring_size.set(of, worldSize);
    for (const part of PARTS) this.#share.set({ ...of, part }, progress.shares[part]);
  }

  forget({ runId: run, rank }: SegmentInput): void {
    for (const gauge of Object.values(this.#gauges)) gauge.remove({ run, rank });
    for (const part of PARTS) this.#share.remove({ run, rank, part });
  }
}

/** The slot, with its trainings measured on the way through. */
export function measured(slot: Slot, registry: Registry): Slot {
  const metrics = new TrainingMetrics(registry);
  return {
    listen: (...asked) => slot.listen(...asked),
    async train(segment, signal, onProgress) {
      let step: number | undefined;
      // The first word of a ring comes after its first step.
      const count = (now: number) => {
        metrics.steps.inc(Math.max(0, now - (step ?? now - 1)));
        step = now;
      };
      let outcome: (typeof OUTCOMES)[number] = 'broken';
      try {
        const result = await slot.train(segment, signal, (progress) => {
          metrics.show(segment, progress);
          count(progress.step);
          onProgress(progress);
        });
        if (step !== undefined) count(result.step);
        outcome = result.finished ? 'finished' : 'halted';
        return result;
      } finally {
        metrics.segments.inc({ outcome });
        metrics.forget(segment);
      }
    },
  };
}
