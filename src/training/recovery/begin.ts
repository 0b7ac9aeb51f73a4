import type { ArtifactReference } from '../../contracts/artifact.ts';
import type { SegmentInput } from '../../contracts/training.ts';
import { BadInputError } from '../../errors.ts';
import { canonicalJson, sha256 } from '../../lake/canonical.ts';
import type { Home } from '../../lake/home.ts';
import { initialWeights } from '../../model/parameters.ts';
import { randomOf } from '../../model/random.ts';
import type { Transformer } from '../../model/transformer.ts';
import type { Collectives } from '../../ring/collectives.ts';
import { freshState } from '../adamw.ts';
import { readCheckpoint, type Checkpoint } from './checkpoint.ts';
import { stepOf } from './checkpoint-folder.ts';
import { newestHeld, requireSameState } from './common-state.ts';
import type { JournalEntry } from './journal.ts';
import type { ResolvedTraining } from '../settings.ts';
import type { TrainingIssues } from '../training-issues.ts';
import { readStart } from '../start-weights.ts';
import { warmStart } from '../warm-start.ts';

export interface Beginning {
  checkpoint: Checkpoint;
  from: JournalEntry['from'];
}

interface Member {
  home: Home;
  segment: SegmentInput;
  ring: Collectives;
  settings: ResolvedTraining;
  model: Transformer;
  /** What this rank computes with. */
  numerics: string;
  /** By region; what an issue head begins with. */
  issues: readonly TrainingIssues[];
}

/**
 * What a new ring trains on from, the same on every rank: the newest state that any of them holds in memory, else the
 * checkpoint, else the seed.
 */
export async function beginSegment(member: Member, held: Checkpoint | undefined): Promise<Beginning> {
  const { ring, segment } = member;
  await requireAgreement(member);
  if (held) requireModel(member, held, 'What this slot holds in memory');
  const atLeast = segment.checkpoint ? stepOf(segment.checkpoint) : 0;
  const { mixed } = segment.settings;
  const newest = await newestHeld(ring, held, { atLeast, mixed });
  const checkpoint =
    newest ?? (await (segment.checkpoint ? fromDisk(member, segment.checkpoint) : fromSeed(member)));
  if (!newest) await requireSameState(ring, checkpoint);
  requireNumerics(member, checkpoint);
  return { checkpoint, from: newest ? 'memory' : segment.checkpoint ? 'checkpoint' : 'seed' };
}

async function fromDisk(member: Member, checkpoint: ArtifactReference): Promise<Checkpoint> {
  const found = await readCheckpoint(member.home, checkpoint);
  requireModel(member, found, checkpoint.uri);
  return { ...found, state: { ...found.state, runId: member.segment.runId } };
}

/** Rank 0's, on every rank: what a run begins with is computed once, so that ranks that round differently agree. */
async function fromSeed(member: Member): Promise<Checkpoint> {
  const { ring, segment } = member;
  const own = ring.rank === 0 ? await seeded(member) : undefined;
  const { mixed } = segment.settings;
  return (await newestHeld(ring, own, { atLeast: 0, mixed }))!;
}

async function seeded({
  home,
  segment,
  ring,
  settings,
  model,
  numerics,
  issues,
}: Member): Promise<Checkpoint> {
  const { runId, epoch, secondsUsed } = segment;
  return {
    optimizer: freshState(await firstWeights({ home, segment, settings, model, issues })),
    state: {
      formatVersion: 1,
      runId,
      epoch,
      step: 0,
      secondsUsed,
      tokensSeen: 0,
      ringSize: ring.worldSize,
      numerics,
      model: model.config,
      history: [],
    },
  };
}

/** Those that the run was given to go on from, else drawn from its seed. */
async function firstWeights({
  home,
  segment,
  settings,
  model,
  issues,
}: Pick<Member, 'home' | 'segment' | 'settings' | 'model' | 'issues'>): Promise<Float32Array> {
  if (segment.weights) return readStart(home, segment.weights, model.config);
  const weights = initialWeights(model.layout, randomOf('weights', settings.seed));
  await warmStart(weights, model.layout, model.config, issues);
  return weights;
}

/** A run that is gone on with under its name but with other settings would train what it was never meant to hold. */
function requireModel({ segment, model }: Member, { state }: Checkpoint, what: string): void {
  if (canonicalJson(state.model) === canonicalJson(model.config)) return;
  throw new BadInputError(
    `${what} is another model of run ${segment.runId} than these settings and sequences ask for.`,
    'Resume with the settings the run began with, or start a new run.',
  );
}

/** Ranks that differ in anything would train apart without noticing. */
async function requireAgreement({ ring, segment, settings, model, numerics }: Member): Promise<void> {
  const own = { numerics: segment.settings.mixed ? 'mixed' : numerics, settings, model: model.config };
  const digest = Buffer.from(sha256(canonicalJson(own)), 'hex');
  const all = await ring.allGather(digest);
  const other = all.findIndex((bytes) => !digest.equals(bytes));
  if (other >= 0) {
    throw new BadInputError(
      `Rank ${ring.rank} (${numerics}) and rank ${other} of run ${segment.runId} do not compute alike.`,
      'Give all slots of a ring the same version, settings and kind of machine, or allow it with --mixed.',
    );
  }
}

/** A run that goes on with other arithmetic than it began with comes to other bits: only where that is allowed. */
function requireNumerics({ segment, numerics }: Member, { state }: Checkpoint): void {
  if (segment.settings.mixed || state.numerics === numerics) return;
  throw new BadInputError(
    `Run ${segment.runId} began with ${state.numerics}; these slots compute with ${numerics}.`,
    'Give it slots of the kind it began with, or let it go on with other bits: --mixed.',
  );
}
