import { tooMuch, type Receiving } from '../doors/receiving.ts';
import { unpack, UnpackedTooLarge } from '../doors/unpack.ts';
import type { Limits } from '../gate.ts';
import { giveBack } from '../lent-memory.ts';
import { invalidArgument, ServingProblem } from '../problem.ts';
import type { GrpcCall } from './call.ts';
import { GrowingBytes } from './http2/growing-bytes.ts';

/** Whether it is compressed, and its length. */
const PREFIX_BYTES = 5;

/**
 * The one message of a call, once the caller has sent it; undefined where it broke off.
 * @throws ServingProblem
 */
export async function readMessage(
  call: Pick<GrpcCall, 'stream' | 'headers'>,
  limits: Limits,
  receiving: Receiving,
): Promise<Buffer | undefined> {
  const bytes = await arrived(call, limits, receiving);
  if (!bytes) return undefined;
  if (bytes.length < PREFIX_BYTES || bytes.length !== PREFIX_BYTES + bytes.readUInt32BE(1)) {
    throw invalidArgument('The call is to hold one message, whole.');
  }
  const message = bytes.subarray(PREFIX_BYTES);
  return bytes[0] === 0 ? message : unpacked(message, call, limits, receiving);
}

function arrived(
  { stream }: Pick<GrpcCall, 'stream'>,
  { bodyBytes, requestMs }: Limits,
  receiving: Receiving,
): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const bytes = new GrowingBytes();
    let held = 0;
    let announced = 0;
    let problem: ServingProblem | undefined;
    const fail = (why: ServingProblem) => {
      problem ??= why;
      giveBack(bytes.taken());
      reject(problem);
    };
    stream.read({
      data(piece, isLast) {
        // What comes after a refusal is let go by.
        if (problem) return;
        if (bytes.length + piece.length > bodyBytes + PREFIX_BYTES) {
          fail(new ServingProblem('RESOURCE_EXHAUSTED', `Received message larger than max (${bodyBytes})`));
          return;
        }
        if (bytes.length === 0 && piece.length >= PREFIX_BYTES) {
          announced = PREFIX_BYTES + Math.min(piece.readUInt32BE(1), bodyBytes);
        }
        bytes.add(piece, isLast, announced);
        const more = bytes.capacity - held;
        if (receiving.hold(more)) held += more;
        else fail(tooMuch());
      },
      end: () => resolve(bytes.taken()),
    });
    stream.whenClosed(() => {
      receiving.release(held);
      resolve(undefined);
    });
    if (stream.ended || problem) return;
    const late = setTimeout(
      () => fail(new ServingProblem('DEADLINE_EXCEEDED', 'The request did not arrive in time.')),
      requestMs,
    );
    stream.whenClosed(() => clearTimeout(late));
  });
}

async function unpacked(
  message: Buffer,
  { stream, headers }: Pick<GrpcCall, 'stream' | 'headers'>,
  { bodyBytes }: Limits,
  receiving: Receiving,
): Promise<Buffer> {
  const encoding = String(headers['grpc-encoding']);
  if (encoding !== 'gzip' && encoding !== 'deflate') {
    throw new ServingProblem('UNIMPLEMENTED', 'The message is compressed in a way that is not known here.');
  }
  const exchange = {
    isOver: () => stream.closed,
    whenOver: (callback: () => void) => stream.whenClosed(callback),
  };
  try {
    return await unpack(message, encoding, bodyBytes, { receiving, exchange });
  } catch (error) {
    if (error instanceof ServingProblem) throw error;
    if (error instanceof UnpackedTooLarge) {
      throw new ServingProblem('RESOURCE_EXHAUSTED', `Received message larger than max (${bodyBytes})`);
    }
    throw invalidArgument(`The message is not the ${encoding} that it is announced as.`);
  }
}
