import type { ArtifactReference } from '../contracts/artifact.ts';
import type { SegmentInput, SegmentResult } from '../contracts/training.ts';
import { BadInputError } from '../errors.ts';
import { canonicalJson, sha256 } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { resolveModel } from '../model/config.ts';
import { initialWeights, layoutOf } from '../model/parameters.ts';
import { randomOf } from '../model/random.ts';
import { Transformer, type Engine } from '../model/transformer.ts';
import { startBackend } from '../ring/backend.ts';
import type { Collectives } from '../ring/collectives.ts';
import { TensorBlockAttention } from '../ring/tensor-block-attention.ts';
import { dealPositions } from '../sequences/ring-layout.ts';
import { freshState } from './adamw.ts';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from './checkpoint.ts';
import { pauser, segmentAborted, type SegmentControls } from './controls.ts';
import { sequenceAt } from './order.ts';
import { Prefetch } from './prefetch.ts';
import { progressOf, rateAt } from './schedule.ts';
import { SequencesDataset, type SequenceShare } from './sequences-dataset.ts';
import { resolveTraining, type ResolvedTraining } from './settings.ts';
import { trainStep, type StepContext, type Verdict } from './step.ts';

const HISTORY_POINTS = 500;

/**
 * One rank's part of a stretch of training: from the seed or a checkpoint, to the end of the budget, the end of the
 * segment or a request to stop, whichever comes first. Rank 0 decides and says so in every step's first message, so
 * that all ranks stop, and set their learning rate, alike.
 */
export async function trainSegment(
  home: Home,
  segment: SegmentInput,
  ring: Collectives,
  controls: SegmentControls,
): Promise<SegmentResult> {
  await using dataset = await SequencesDataset.open(home, segment.sequences);
  const run = new SegmentRun(home, segment, ring, controls, dataset);
  try {
    return await run.train();
  } catch (error) {
    ring.destroy();
    throw controls.signal.aborted ? segmentAborted() : error;
  }
}

class SegmentRun {
  readonly #home: Home;
  readonly #segment: SegmentInput;
  readonly #ring: Collectives;
  readonly #controls: SegmentControls;
  readonly #dataset: SequencesDataset;
  readonly #settings: ResolvedTraining;
  readonly #model: Transformer;
  readonly #positions: Int32Array;
  #checkpoint: Checkpoint | undefined;
  #written: ArtifactReference | undefined;
  #loss = Number.NaN;
  #rate = 0;

  constructor(
    home: Home,
    segment: SegmentInput,
    ring: Collectives,
    controls: SegmentControls,
    dataset: SequencesDataset,
  ) {
    const { channels, regions, horizon, sequenceLength } = dataset.details;
    this.#home = home;
    this.#segment = segment;
    this.#ring = ring;
    this.#controls = controls;
    this.#dataset = dataset;
    this.#settings = resolveTraining(segment.settings);
    this.#model = new Transformer(resolveModel(segment.settings, { channels, regions, horizon }));
    const deal = dealPositions(sequenceLength, ring.worldSize, this.#settings.layout);
    this.#positions = deal.positions[ring.rank]!;
  }

  async train(): Promise<SegmentResult> {
    const { numerics } = await startBackend();
    const checkpoint = (this.#checkpoint = await this.#begin(numerics));
    await this.#requireAgreement(numerics, checkpoint);
    const { state, optimizer } = checkpoint;
    const engine: Engine = {
      ring: this.#ring,
      attention: new TensorBlockAttention(),
      pause: pauser(this.#controls.signal, () => this.#ring.check()),
    };
    const { windows, details } = this.#dataset;
    const { sha256: dataset } = this.#segment.sequences;
    await using shares = new Prefetch((sequence, into: SequenceShare | undefined) => {
      const at = sequenceAt(dataset, this.#settings.seed, sequence, windows.length);
      return this.#dataset.share(windows[at]!, this.#positions, into);
    });
    const context: StepContext = {
      model: this.#model,
      settings: this.#settings,
      engine,
      positions: this.#positions,
      shareAt: (sequence) => shares.take(sequence),
    };
    const tokensAStep = details.sequenceLength * this.#settings.sequencesPerStep;
    const began = performance.now();
    const secondsBefore = state.secondsUsed;
    const seconds = () => secondsBefore + (performance.now() - began) / 1000;
    let tokensHere = 0;

    for (;;) {
      const outcome = await trainStep(context, optimizer, {
        verdict: this.#verdict(state.step, seconds(), (performance.now() - began) / 1000),
        rate: rateAt(progressOf(state.step, seconds(), this.#settings), this.#settings.schedule),
      });
      if (outcome === 'finished' || outcome === 'halted') return this.#end(outcome === 'finished');
      state.step = optimizer.step;
      state.secondsUsed = seconds();
      state.tokensSeen += tokensAStep;
      tokensHere += tokensAStep;
      this.#loss = outcome.loss;
      this.#rate = tokensHere / ((performance.now() - began) / 1000);
      state.history.push({
        step: state.step,
        loss: outcome.loss,
        learningRate: outcome.learningRate,
        seconds: Math.round(state.secondsUsed * 1000) / 1000,
      });
      if (state.history.length > HISTORY_POINTS) thin(state.history);
      if (state.step % this.#settings.checkpointEverySteps === 0) await this.#write();
      this.#report();
    }
  }

  #verdict(step: number, secondsUsed: number, secondsHere: number): Verdict {
    if (step >= this.#settings.maxSteps || secondsUsed >= this.#settings.budgetSeconds) return 'finished';
    return this.#controls.stopRequested() || secondsHere >= this.#segment.segmentSeconds ? 'halted' : 'go';
  }

  /** The same on every rank, whoever asks: from the checkpoint, or from the seed. */
  async #begin(numerics: string): Promise<Checkpoint> {
    const { checkpoint, runId, epoch, secondsUsed } = this.#segment;
    const { worldSize } = this.#ring;
    if (checkpoint) {
      const found = await readCheckpoint(this.#home, checkpoint, layoutOf);
      if (canonicalJson(found.state.model) !== canonicalJson(this.#model.config)) {
        throw new BadInputError(
          `${checkpoint.uri} holds another model than these settings and sequences ask for.`,
          'Resume with the settings the run began with, or start a new run.',
        );
      }
      return { ...found, state: { ...found.state, runId, epoch, numerics, ringSize: worldSize } };
    }
    const weights = initialWeights(this.#model.layout, randomOf('weights', this.#settings.seed));
    return {
      optimizer: freshState(weights),
      state: {
        formatVersion: 1,
        runId,
        epoch,
        step: 0,
        secondsUsed,
        tokensSeen: 0,
        ringSize: worldSize,
        numerics,
        model: this.#model.config,
        history: [],
      },
    };
  }

  /** Ranks that differ in anything would train apart without noticing. */
  async #requireAgreement(numerics: string, { optimizer, state }: Checkpoint): Promise<void> {
    const own = {
      numerics,
      settings: this.#settings,
      model: this.#model.config,
      step: state.step,
      weights: sha256(new Uint8Array(optimizer.weights.buffer)),
    };
    const digest = Buffer.from(sha256(canonicalJson(own)), 'hex');
    const all = await this.#ring.allGather(digest);
    const other = all.findIndex((bytes) => !digest.equals(bytes));
    if (other >= 0) {
      throw new BadInputError(
        `Rank ${this.#ring.rank} (${numerics}) and rank ${other} of run ${this.#segment.runId} do not compute alike.`,
        'Give all slots of a ring the same version, settings and kind of machine.',
      );
    }
  }

  async #end(finished: boolean): Promise<SegmentResult> {
    const { state } = this.#checkpoint!;
    await this.#write();
    // Nobody leaves before all have come: a link that closes earlier would look like a failure.
    await this.#ring.barrier();
    await this.#ring.close();
    const { loss, ...measured } = this.#measured();
    return {
      rank: this.#ring.rank,
      finished,
      loss: Number.isFinite(loss) ? loss : (state.history.at(-1)?.loss ?? 0),
      ...measured,
      kernel: null,
      ...(this.#written ? { checkpoint: this.#written } : {}),
    };
  }

  async #write(): Promise<void> {
    if (this.#ring.rank !== 0) return;
    this.#written = await writeCheckpoint(this.#home, this.#checkpoint!, this.#model.layout);
  }

  #report(): void {
    const { maxSteps, budgetSeconds } = this.#settings;
    this.#controls.progress({
      ...this.#measured(),
      totalSteps: maxSteps,
      budgetSeconds,
      ...(this.#written ? { checkpoint: this.#written } : {}),
    });
  }

  #measured() {
    const { state } = this.#checkpoint!;
    return {
      step: state.step,
      loss: this.#loss,
      secondsUsed: state.secondsUsed,
      tokensPerSecond: Math.round(this.#rate),
      memoryMb: Math.round(process.resourceUsage().maxRSS / 1024),
      shares: { compute: 0, wait: 0, transfer: 0, data: 0 },
    };
  }
}

/** Leaves out every second point of the older half, so that a long run's history stays small and its shape stays. */
function thin(history: { step: number }[]): void {
  const half = Math.floor(history.length / 2);
  for (let i = half - 1; i > 0; i -= 2) history.splice(i, 1);
}
