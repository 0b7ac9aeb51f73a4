import { createGunzip, createInflate, type Gunzip, type Inflate } from 'node:zlib';
import { tooMuch, type Receiving } from './receiving.ts';

export type Packing = 'gzip' | 'deflate';

const UNPACK: Record<Packing, () => Gunzip | Inflate> = { gzip: createGunzip, deflate: createInflate };

/** What the bytes belong to: they count until it is over. */
export interface Exchange {
  isOver(): boolean;
  whenOver(callback: () => void): void;
}

/** It would become larger than one request may be. */
export class UnpackedTooLarge extends Error {}

/**
 * What a caller has packed. A few bytes may unpack to a thousand times as many: these count as received, as they come.
 * @throws UnpackedTooLarge; ServingProblem RESOURCE_EXHAUSTED where too much is held; the error of zlib
 */
export function unpack(
  packed: Uint8Array,
  packing: Packing,
  most: number,
  { receiving, exchange }: { receiving: Receiving; exchange: Exchange },
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const stream = UNPACK[packing]();
  const pieces: Buffer[] = [];
  let length = 0;
  exchange.whenOver(() => {
    receiving.release(length);
    length = 0;
    stream.destroy(tooMuch());
  });
  stream.on('data', (piece: Buffer) => {
    if (length + piece.length > most) return void stream.destroy(new UnpackedTooLarge());
    if (exchange.isOver() || !receiving.hold(piece.length)) return void stream.destroy(tooMuch());
    length += piece.length;
    pieces.push(piece);
  });
  stream.on('error', reject);
  stream.on('end', () => resolve(Buffer.concat(pieces, length)));
  stream.end(packed);
  return promise;
}
