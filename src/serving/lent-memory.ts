/** Bytes; what takes less is left to the garbage collector. */
export const WORTH_GIVING_BACK = 2 ** 10;

/** How many read what lies in a piece of memory, where all of them are counted. */
const readers = new WeakMap<ArrayBufferLike, number>();

/**
 * Memory is lent to whoever reads it, and free again at once when the last of them gives it back. Left to the garbage
 * collector it costs six times as much to take the next piece, cold from wherever it lies, and every so many megabytes
 * of it set off a collection of the whole heap.
 *
 * @param bytes all that lies in their memory: nobody has a view of it who is not counted. The lender is the first reader
 */
export function lend({ buffer, byteLength }: Uint8Array): void {
  if (byteLength >= WORTH_GIVING_BACK && byteLength === buffer.byteLength) readers.set(buffer, 1);
}

/** Somebody more reads it, after whoever asks has given it back. Of memory that is not lent nothing is counted. */
export function borrow({ buffer }: Uint8Array): void {
  const count = readers.get(buffer);
  if (count !== undefined) readers.set(buffer, count + 1);
}

/** Once by each reader, who may not look at the bytes, or at a view of them, any more. */
export function giveBack({ buffer }: Uint8Array): void {
  const count = readers.get(buffer);
  if (count === undefined) return;
  if (count > 1) {
    readers.set(buffer, count - 1);
    return;
  }
  readers.delete(buffer);
  letGo(buffer as ArrayBuffer);
}

/** What nobody reads any more, and nobody else has a part of. */
export function letGo(buffer: ArrayBuffer): void {
  if (!buffer.detached) buffer.transfer(0);
}
