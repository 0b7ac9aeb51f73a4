import type { SegmentInput, SegmentResult } from '../contracts/training.ts';
import { SlotsDisagreeError } from '../errors.ts';
import type { Home } from '../lake/home.ts';
import { resolveModel } from '../model/config.ts';
import { Transformer } from '../model/transformer.ts';
import { startBackend } from '../backend/backend.ts';
import type { Collectives } from '../ring/collectives.ts';
import { dealPositions } from '../sequences/ring-layout.ts';
import { beginSegment } from './recovery/begin.ts';
import type { Checkpoint } from './recovery/checkpoint.ts';
import { commitStep } from './recovery/commit.ts';
import { requireSameState } from './recovery/common-state.ts';
import { pauser, segmentAborted, type SegmentControls } from './controls.ts';
import { TrainingEngine } from './engine.ts';
import { HeldState } from './recovery/held-state.ts';
import type { JournalEntry } from './recovery/journal.ts';
import { sequenceAt } from './order.ts';
import { Prefetch } from './prefetch.ts';
import { RunRecord } from './recovery/run-record.ts';
import { progressOf, rateAt } from './schedule.ts';
import { SegmentMeter } from './segment-meter.ts';
import { SequencesDataset, type SequenceShare } from './sequences-dataset.ts';
import { resolveTraining, type ResolvedTraining } from './settings.ts';
import { trainStep, type StepContext, type Verdict } from './step.ts';

/**
 * One rank's part of a stretch of training: from what a slot of the ring still holds, a checkpoint or the seed, to the
 * end of the budget, the end of the segment or a request to stop, whichever comes first. Rank 0 decides and says so in
 * every step's first message, so that all ranks stop, and set their learning rate, alike. `held` is what this slot
 * remembers when the ring breaks.
 */
export async function trainSegment(
  home: Home,
  segment: SegmentInput,
  ring: Collectives,
  controls: SegmentControls,
  held = new HeldState(),
): Promise<SegmentResult> {
  try {
    await using dataset = await SequencesDataset.open(home, segment.sequences);
    using run = new SegmentRun(home, segment, ring, controls, dataset, held);
    const result = await run.train();
    if (result.finished) held.drop();
    return result;
  } catch (error) {
    ring.destroy();
    if (error instanceof SlotsDisagreeError) held.drop();
    throw controls.signal.aborted ? segmentAborted() : error;
  }
}

class SegmentRun implements Disposable {
  readonly #home: Home;
  readonly #segment: SegmentInput;
  readonly #ring: Collectives;
  readonly #controls: SegmentControls;
  readonly #dataset: SequencesDataset;
  readonly #settings: ResolvedTraining;
  readonly #model: Transformer;
  readonly #positions: Int32Array;
  readonly #held: HeldState;
  #checkpoint: Checkpoint | undefined;
  /** Rank 0's. */
  #record: RunRecord | undefined;
  #meter: SegmentMeter | undefined;
  #engine: TrainingEngine | undefined;
  #kernel: string | null = null;
  #due = false;

  constructor(
    home: Home,
    segment: SegmentInput,
    ring: Collectives,
    controls: SegmentControls,
    dataset: SequencesDataset,
    held: HeldState,
  ) {
    const { details } = dataset;
    this.#home = home;
    this.#segment = segment;
    this.#ring = ring;
    this.#controls = controls;
    this.#dataset = dataset;
    this.#held = held;
    this.#settings = resolveTraining(segment.settings, details.given);
    this.#model = new Transformer(resolveModel(segment.settings, details));
    const deal = dealPositions(details.sequenceLength, ring.worldSize, this.#settings.layout);
    this.#positions = deal.positions[ring.rank]!;
  }

  async train(): Promise<SegmentResult> {
    const backend = await startBackend();
    const { numerics, kernel } = backend;
    this.#kernel = kernel;
    const { checkpoint, from } = await beginSegment(
      {
        home: this.#home,
        segment: this.#segment,
        ring: this.#ring,
        settings: this.#settings,
        model: this.#model,
        numerics,
        issues: this.#dataset.issues,
      },
      this.#held.of(this.#segment.runId),
    );
    this.#checkpoint = checkpoint;
    this.#held.keep(checkpoint);
    const { state, optimizer } = checkpoint;
    if (this.#ring.rank === 0) await this.#openRecord(from, numerics);
    const pause = pauser(this.#controls.signal, () => this.#ring.check());
    const engine = (this.#engine = await TrainingEngine.open(this.#ring, backend, this.#settings, pause));
    const { epoch } = this.#segment;
    const { worldSize: ringSize } = this.#ring;
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
    const meter = new SegmentMeter(checkpoint, tokensAStep, {
      ring: () => this.#ring.timing(),
      data: () => shares.waitSeconds,
    });
    this.#meter = meter;
    const secondsBefore = state.secondsUsed;
    const seconds = () => secondsBefore + meter.seconds;

    for (;;) {
      const verdict = this.#verdict(state.step, seconds(), meter.seconds);
      if (verdict === 'go') await this.#record?.begin(state.step);
      const outcome = await trainStep(context, optimizer, {
        verdict,
        rate: rateAt(progressOf(state.step, seconds(), this.#settings), this.#settings.schedule),
      });
      if (outcome === 'finished' || outcome === 'halted') return this.#end(outcome === 'finished');
      commitStep(checkpoint, outcome, { epoch, ringSize, secondsUsed: seconds(), tokens: tokensAStep });
      meter.step();
      engine.stepEnded();
      this.#save();
      this.#report();
    }
  }

  async #openRecord(from: JournalEntry['from'], numerics: string): Promise<void> {
    const { runId, epoch } = this.#segment;
    const { step } = this.#checkpoint!.state;
    this.#record = new RunRecord(this.#home, runId, this.#model.layout, {
      epoch,
      resumedAt: step,
      from,
      begun: step,
      ended: false,
      ringSize: this.#ring.worldSize,
      numerics,
    });
    await this.#record.open();
  }

  [Symbol.dispose](): void {
    this.#record?.close();
  }

  #verdict(step: number, secondsUsed: number, secondsHere: number): Verdict {
    if (step >= this.#settings.maxSteps || secondsUsed >= this.#settings.budgetSeconds) return 'finished';
    return this.#controls.stopRequested() || secondsHere >= this.#segment.segmentSeconds ? 'halted' : 'go';
  }

  /** A checkpoint that is due while another one is being written is taken after the next step. */
  #save(): void {
    this.#due ||= this.#checkpoint!.state.step % this.#settings.checkpointEverySteps === 0;
    if (this.#due && this.#record?.save(this.#checkpoint!)) this.#due = false;
  }

  async #end(finished: boolean): Promise<SegmentResult> {
    await requireSameState(this.#ring, this.#checkpoint!);
    await this.#record?.end(this.#checkpoint!, this.#controls.signal, () => this.#report());
    // Nobody leaves before all have come: a link that closes earlier would look like a failure.
    await this.#ring.barrier();
    await this.#ring.close();
    const checkpoint = this.#record?.checkpoint;
    return {
      rank: this.#ring.rank,
      finished,
      ...this.#meter!.total(),
      kernel: this.#kernel,
      ...(this.#engine?.wireError === undefined ? {} : { wireError: this.#engine.wireError }),
      ...(checkpoint ? { checkpoint } : {}),
    };
  }

  #report(): void {
    const { maxSteps, budgetSeconds } = this.#settings;
    const { checkpoint, failure } = this.#record ?? {};
    this.#controls.progress({
      ...this.#meter!.recent(),
      totalSteps: maxSteps,
      budgetSeconds,
      ...(checkpoint ? { checkpoint } : {}),
      ...(failure === undefined ? {} : { checkpointFailure: failure }),
    });
  }
}
