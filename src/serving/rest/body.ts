import type { ServerResponse } from 'node:http';
import type { Receiving } from '../doors/receiving.ts';
import { unpack, UnpackedTooLarge } from '../doors/unpack.ts';
import type { Limits } from '../gate.ts';
import { invalidArgument, ServingProblem } from '../problem.ts';

export interface BodyParts {
  limits: Pick<Limits, 'bodyBytes'>;
  receiving: Receiving;
  /** Of the answer: what is unpacked counts until that has left. */
  raw: ServerResponse;
}

/**
 * The bytes of a body, unpacked where the caller has packed them.
 * @throws ServingProblem INVALID_ARGUMENT, also where it would become larger than a body may be; RESOURCE_EXHAUSTED
 */
export async function unpackedBody(
  body: Buffer,
  encoding: string,
  { limits: { bodyBytes }, receiving, raw }: BodyParts,
): Promise<Buffer> {
  if (encoding !== 'gzip') throw invalidArgument('The body is encoded: of encodings gzip is known.');
  const exchange = {
    isOver: () => raw.closed,
    whenOver: (callback: () => void) => void raw.once('close', callback),
  };
  try {
    return await unpack(body, 'gzip', bodyBytes, { receiving, exchange });
  } catch (error) {
    if (error instanceof ServingProblem) throw error;
    if (error instanceof UnpackedTooLarge) {
      throw invalidArgument(`The body is larger than ${bodyBytes} bytes when it is unpacked.`);
    }
    throw invalidArgument('The body is not the gzip that it is announced as.');
  }
}

/** Whether it is as it says without unpacking. */
export const isPlain = (encoding: string | undefined): encoding is undefined | '' | 'identity' =>
  encoding === undefined || encoding === '' || encoding === 'identity';
