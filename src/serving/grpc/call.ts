import { OF_ALL_DOORS, type Receiving } from '../doors/receiving.ts';
import type { Limits } from '../gate.ts';
import { invalidArgument, ServingProblem } from '../problem.ts';
import { ERROR } from './http2/frames.ts';
import { encodeFields } from './http2/hpack/encoder.ts';
import type { RequestHeaders } from './http2/request-headers.ts';
import type { ServerStream } from './http2/stream.ts';
import { readMessage } from './message-reader.ts';
import { problemHeaders } from './problem.ts';

/** A call whose headers have come. */
export interface GrpcCall {
  path: string;
  headers: RequestHeaders;
  stream: ServerStream;
  /** Aborted when its caller is gone, or its deadline over. */
  signal: AbortSignal;
}

export interface GrpcMethod<Admitted = unknown> {
  /**
   * Before a byte of the message is read.
   * @throws ServingProblem
   */
  admit(call: GrpcCall): Promise<Admitted>;
  /** The answer's bytes. */
  unary?(message: Buffer, call: GrpcCall, admitted: Admitted): Promise<UnaryOutcome>;
  /** What then writes answers until the call is aborted. */
  stream?(message: Buffer, call: GrpcCall): (write: (answer: Uint8Array) => void) => void;
}

export type UnaryOutcome = { requestId: string } & ({ answer: Uint8Array } | { problem: ServingProblem });

export interface CallParts {
  methods: ReadonlyMap<string, GrpcMethod>;
  limits: Limits;
  /** Absent: what all doors of the process share. */
  receiving?: Receiving;
  /** What a failure is told as. */
  refusal(error: unknown): ServingProblem;
  /** Aborted when the server closes: calls that would never end then end. */
  closing: AbortSignal;
}

const HEADERS = encodeFields({
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': 'identity,deflate,gzip',
});
const WELL = encodeFields({ 'grpc-status': 0 });
const NO_GRPC = encodeFields({ ':status': 415 });

/** Before there is a call: of headers that are too large. */
export const tooLarge = (status: number): Buffer => encodeFields({ ':status': status });

export function takeCall(parts: CallParts, stream: ServerStream): void {
  const { ':method': verb, ':path': path = '', 'content-type': type = '' } = stream.headers;
  if (verb !== 'POST' || !/^application\/grpc(\+proto)?(;|$)/.test(type)) {
    stream.refuse(NO_GRPC);
    return;
  }
  const gone = new AbortController();
  stream.whenClosed(() => {
    if (!stream.answered) gone.abort();
  });
  const call = { path, headers: stream.headers, stream, signal: gone.signal };
  void handle(parts, call, gone).catch((error: unknown) => refuse(call, parts.refusal(error)));
}

async function handle(parts: CallParts, call: GrpcCall, gone: AbortController): Promise<void> {
  const { stream, path, headers } = call;
  const method = parts.methods.get(path);
  if (!method) {
    throw new ServingProblem('UNIMPLEMENTED', 'The server does not implement this method.');
  }
  const timeout = headers['grpc-timeout'];
  if (timeout !== undefined) {
    const deadline = deadlineOf(timeout, () => {
      refuse(call, new ServingProblem('DEADLINE_EXCEEDED', 'Deadline exceeded'));
      gone.abort();
    });
    stream.whenClosed(() => clearTimeout(deadline));
  }
  const admitted = await method.admit(call);
  const { limits, receiving = OF_ALL_DOORS } = parts;
  const message = await readMessage(call, limits, receiving);
  if (!message) return;
  if (method.stream) {
    const begin = method.stream(message, call);
    // Only a server that closes ends such a call by itself.
    const end = () => refuse(call, new ServingProblem('UNAVAILABLE', 'The server closes.'));
    if (parts.closing.aborted) {
      end();
      return;
    }
    parts.closing.addEventListener('abort', end, { once: true });
    stream.whenClosed(() => {
      parts.closing.removeEventListener('abort', end);
      gone.abort();
    });
    stream.respond(HEADERS);
    begin((answer) => stream.write(framed(answer)));
    return;
  }
  const outcome = await method.unary!(message, call, admitted);
  if ('problem' in outcome) refuse(call, outcome.problem, outcome.requestId);
  else respond(call, outcome.answer, outcome.requestId, receiving);
}

function respond({ stream }: GrpcCall, answer: Uint8Array, requestId: string, receiving: Receiving): void {
  // Where the deadline was faster.
  if (stream.began) return;
  stream.respond(Buffer.concat([HEADERS, requestIdField(requestId)]));
  stream.write(framed(answer));
  stream.end(WELL);
  // What the caller does not take yet is held for it, as is what it sends.
  if (stream.closed) return;
  if (receiving.hold(answer.length)) stream.whenClosed(() => receiving.release(answer.length));
  else stream.reset(ERROR.enhanceYourCalm);
}

/** With trailers alone, where nothing was answered yet; what the caller still sends is not read. */
function refuse({ stream }: GrpcCall, problem: ServingProblem, requestId?: string): void {
  const trailers = encodeFields(problemHeaders(problem));
  const id = requestId === undefined ? [] : [requestIdField(requestId)];
  if (!stream.began) stream.refuse(Buffer.concat([HEADERS, ...id, trailers]));
  else if (!stream.answered) stream.end(trailers);
  // The caller does not take its answer.
  else stream.reset(ERROR.cancel);
}

const requestIdField = (id: string): Buffer => encodeFields({ 'x-request-id': id });

/** Not compressed, and its length. */
function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(message.length + 5);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}

const UNITS: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };
const LONGEST_TIMER = 2 ** 31 - 1;

/** @throws ServingProblem INVALID_ARGUMENT */
function deadlineOf(timeout: string, over: () => void): NodeJS.Timeout {
  const [, count, unit] = /^(\d{1,8})([HMSmun])$/.exec(timeout) ?? [];
  if (count === undefined) throw invalidArgument('grpc-timeout is no time.');
  const ms = Number(count) * UNITS[unit!]!;
  return setTimeout(over, Math.min(ms, LONGEST_TIMER));
}
