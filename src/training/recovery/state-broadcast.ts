import type { Collectives } from '../../ring/collectives.ts';
import { checkpointState, type Checkpoint } from './checkpoint.ts';

/** The ranks in between hand pieces on while the next one comes, and no rank holds a second copy of it all. */
const PIECE_BYTES = 16 * 2 ** 20;

/** To every other rank of the ring, which calls `receiveState`. */
export async function sendState(ring: Collectives, { state, optimizer }: Checkpoint): Promise<void> {
  const { weights, m, v } = optimizer;
  await ring.broadcast(Buffer.from(JSON.stringify(state)), ring.rank);
  for (const array of [weights, m, v]) {
    for (const piece of piecesOf(array)) await ring.broadcast(piece, ring.rank);
  }
}

/** What rank `source.rank` holds: arrays of `length` each. */
export async function receiveState(
  ring: Collectives,
  { rank, length }: { rank: number; length: number },
): Promise<Checkpoint> {
  const nothing = new Uint8Array(0);
  const json = Buffer.from(await ring.broadcast(nothing, rank)).toString('utf8');
  const state = checkpointState.parse(JSON.parse(json));
  const [weights, m, v] = [0, 1, 2].map(() => new Float32Array(length)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (const array of [weights, m, v]) {
    for (const piece of piecesOf(array)) piece.set(await ring.broadcast(nothing, rank));
  }
  return { state, optimizer: { weights, m, v, step: state.step } };
}

function piecesOf(array: Float32Array): Uint8Array[] {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return Array.from({ length: Math.ceil(bytes.length / PIECE_BYTES) }, (_, index) =>
    bytes.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES),
  );
}
