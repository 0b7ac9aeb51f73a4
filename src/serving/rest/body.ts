import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Limits } from '../gate.ts';
import { invalidArgument } from '../problem.ts';

const unzip = promisify(gunzip);

/**
 * The bytes of a body, unpacked where the caller has packed them.
 * @throws ServingProblem INVALID_ARGUMENT, also where it would become larger than a body may be
 */
export async function plainBody(
  body: Buffer,
  encoding: string | undefined,
  { bodyBytes }: Pick<Limits, 'bodyBytes'>,
): Promise<Buffer> {
  if (encoding === undefined || encoding === '' || encoding === 'identity') return body;
  if (encoding !== 'gzip') throw invalidArgument('The body is encoded: of encodings gzip is known.');
  try {
    return await unzip(body, { maxOutputLength: bodyBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw invalidArgument(`The body is larger than ${bodyBytes} bytes when it is unpacked.`);
    }
    throw invalidArgument('The body is not the gzip that it is announced as.');
  }
}
