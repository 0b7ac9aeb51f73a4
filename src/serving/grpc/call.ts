import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { invalidArgument, ServingProblem } from '../problem.ts';
import type { Limits } from '../gate.ts';
import { readMessage } from './message-reader.ts';
import { problemHeaders } from './problem.ts';

/** A call whose headers have come. */
export interface GrpcCall {
  path: string;
  headers: IncomingHttpHeaders;
  stream: ServerHttp2Stream;
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
  /** What a failure is told as. */
  refusal(error: unknown): ServingProblem;
  /** Aborted when the server closes: calls that would never end then end. */
  closing: AbortSignal;
}

const HEADERS = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': 'identity,deflate,gzip',
};

export function takeCall(parts: CallParts, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  // Said again by `close`.
  stream.on('error', () => {});
  const { ':method': verb, ':path': path = '', 'content-type': type = '' } = headers;
  if (verb !== 'POST' || !/^application\/grpc(\+proto)?(;|$)/.test(type)) {
    stream.respond({ ':status': 415 }, { endStream: true });
    stream.close(constants.NGHTTP2_NO_ERROR);
    return;
  }
  const gone = new AbortController();
  stream.once('close', () => {
    // An answer that has left ends a call too.
    if (!stream.writableEnded) gone.abort();
  });
  const call = { path, headers, stream, signal: gone.signal };
  void handle(parts, call, gone).catch((error: unknown) => refuse(call, parts.refusal(error)));
}

async function handle(parts: CallParts, call: GrpcCall, gone: AbortController): Promise<void> {
  const { stream, path, headers } = call;
  const method = parts.methods.get(path);
  if (!method) {
    throw new ServingProblem('UNIMPLEMENTED', 'The server does not implement this method.');
  }
  const deadline = deadlineOf(headers['grpc-timeout'], () => {
    refuse(call, new ServingProblem('DEADLINE_EXCEEDED', 'Deadline exceeded'));
    gone.abort();
  });
  stream.once('close', () => clearTimeout(deadline));
  const admitted = await method.admit(call);
  const message = await readMessage(call, parts.limits);
  if (!message) return;
  if (method.stream) {
    const begin = method.stream(message, call);
    stream.respond(HEADERS, { waitForTrailers: true });
    stream.once('close', () => gone.abort());
    // Only a server that closes ends such a call by itself.
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '14' }));
    const end = () => stream.end();
    parts.closing.addEventListener('abort', end, { once: true });
    stream.once('close', () => parts.closing.removeEventListener('abort', end));
    begin((answer) => stream.write(framed(answer)));
    return;
  }
  const outcome = await method.unary!(message, call, admitted);
  if ('problem' in outcome) refuse(call, outcome.problem, outcome.requestId);
  else respond(call, outcome.answer, outcome.requestId);
}

function respond({ stream }: GrpcCall, answer: Uint8Array, requestId: string): void {
  if (stream.headersSent || stream.destroyed || stream.closed) return;
  stream.respond({ ...HEADERS, 'x-request-id': requestId }, { waitForTrailers: true });
  stream.once('wantTrailers', () => {
    if (!stream.destroyed) stream.sendTrailers({ 'grpc-status': '0' });
  });
  stream.end(framed(answer));
}

/** With trailers alone; what the caller still sends is not read. */
function refuse({ stream }: GrpcCall, problem: ServingProblem, requestId?: string): void {
  if (stream.headersSent || stream.destroyed || stream.closed) return;
  const id = requestId === undefined ? {} : { 'x-request-id': requestId };
  stream.respond({ ...HEADERS, ...id, ...problemHeaders(problem) }, { endStream: true });
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
}

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
function deadlineOf(timeout: string | string[] | undefined, over: () => void): NodeJS.Timeout | undefined {
  if (timeout === undefined) return undefined;
  const [, count, unit] = /^(\d{1,8})([HMSmun])$/.exec(String(timeout)) ?? [];
  if (count === undefined) throw invalidArgument('grpc-timeout is no time.');
  const ms = Number(count) * UNITS[unit!]!;
  return setTimeout(over, Math.min(ms, LONGEST_TIMER));
}
