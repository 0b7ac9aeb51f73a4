import { z } from 'zod';
import { RingBrokenError, SlotsDisagreeError } from '../../errors.ts';
import type { Collectives } from '../../ring/collectives.ts';
import type { Checkpoint } from './checkpoint.ts';
import { receiveState, sendState } from './state-broadcast.ts';
import { stateHash } from './state-hash.ts';

/** What a rank says of the state it holds; null: it holds none. */
const heldBrief = z.strictObject({
  step: z.number().int(),
  /** Of the ring that applied the last step. */
  epoch: z.number().int(),
  ringSize: z.number().int(),
  /** Of each of the weights and the two moments. */
  length: z.number().int(),
  hash: z.string(),
});
type HeldBrief = z.infer<typeof heldBrief>;

/**
 * The newest state that any rank of a new ring holds, on every rank: the highest step that was applied anywhere wins,
 * and its lowest holder sends it to those who have another or none. Undefined where nobody holds a step as high as
 * `atLeast`.
 */
export async function newestHeld(
  ring: Collectives,
  held: Checkpoint | undefined,
  { atLeast, mixed }: { atLeast: number; mixed: boolean },
): Promise<Checkpoint | undefined> {
  const own = held ? briefOf(held) : null;
  const all = (await ring.allGather(Buffer.from(JSON.stringify(own)))).map(parseBrief);
  const source = newestOf(all);
  if (!source || all[source.rank]!.step < atLeast) return undefined;
  const other = deviating(all, source, mixed);
  if (other >= 0) throw await disagreement(ring, source.step, [source.rank, other]);
  if (all.every((brief) => brief?.hash === source.hash)) return held!;
  if (ring.rank === source.rank) {
    await sendState(ring, held!);
    return held!;
  }
  const received = await receiveState(ring, source);
  if (own?.hash === source.hash) return held!;
  if (stateHash(received.optimizer) === source.hash) return received;
  throw new RingBrokenError(`The state that rank ${source.rank} sent is not the one it said it holds.`);
}

/** Throws when the ranks do not hold the same weights and moments, whatever they were told. */
export async function requireSameState(ring: Collectives, { state, optimizer }: Checkpoint): Promise<void> {
  const own = stateHash(optimizer);
  const all = (await ring.allGather(Buffer.from(own))).map((bytes) => Buffer.from(bytes).toString());
  const other = all.findIndex((hash) => hash !== own);
  if (other >= 0) throw await disagreement(ring, state.step, [ring.rank, other]);
}

function briefOf({ state, optimizer }: Checkpoint): HeldBrief {
  const { step, epoch, ringSize } = state;
  return { step, epoch, ringSize, length: optimizer.weights.length, hash: stateHash(optimizer) };
}

function parseBrief(bytes: Uint8Array): HeldBrief | null {
  return heldBrief.nullable().parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
}

/** Of the highest step the newest epoch: it has gone on from what was known before it. */
function newestOf(all: readonly (HeldBrief | null)[]): (HeldBrief & { rank: number }) | undefined {
  const holders = all.flatMap((brief, rank) => (brief ? [{ ...brief, rank }] : []));
  return holders.toSorted((a, b) => b.step - a.step || b.epoch - a.epoch || a.rank - b.rank)[0];
}

/**
 * A rank with other bits after the same step, −1 where there is none. Rings of different sizes sum in different orders
 * and slots of different kinds round differently; there the newest epoch's bits are simply the ones to go on with.
 */
function deviating(all: readonly (HeldBrief | null)[], source: HeldBrief, mixed: boolean): number {
  return all.findIndex(
    (brief) =>
      brief?.step === source.step &&
      brief.hash !== source.hash &&
      (brief.epoch === source.epoch || (brief.ringSize === source.ringSize && !mixed)),
  );
}

async function disagreement(ring: Collectives, step: number, [a, b]: readonly [number, number]) {
  // Everybody hears it before anybody leaves: what the ranks hold is worth nothing to any of them now.
  await ring.barrier().catch(() => undefined);
  return new SlotsDisagreeError(
    `Ranks ${a} and ${b} hold different weights after step ${step}: their numerics differ, or one of them computes wrongly.`,
    'Start the training again: it goes on from its newest checkpoint. If it happens again, leave out one of their slots.',
  );
}
