import { CANARY, type Expected, type Reply } from './case.ts';

/** gRPC's codes (grpc.io/docs/guides/status-codes) that tell a caller what it did wrong, or that it should come later. */
const REFUSALS = new Set([1, 3, 4, 5, 7, 8, 9, 11, 12, 14, 16]);
/** gRPC itself says INTERNAL of messages that it cannot read (statuscodes.md); of what was read nobody may. */
const INTERNAL = 13;
const UNREADABLE = /^Error deserializing request/;

/** What is wrong with a reply; undefined when nothing is. */
export function complaint(reply: Reply, expected: Expected): string | undefined {
  if (reply.kind === 'silent') return expected === 'ended' ? undefined : 'no answer';
  if (reply.kind === 'ended') {
    return expected === 'ended' || expected === 'cut off' ? undefined : 'ended without an answer';
  }
  if (reply.kind === 'grpc') return complaintOfGrpc(reply, expected);
  const { status } = reply;
  if (status >= 200 && status < 300)
    return mustRefuse(expected) ? `answered with ${status}: ${reply.body.slice(0, 200)}` : undefined;
  if (status >= 500 && status !== 501 && status !== 503)
    return `answered with ${status}: ${reply.body.slice(0, 200)}`;
  if (status < 400) return `answered with ${status}`;
  if (reply.body.includes(CANARY) && reply.body.length > 2000)
    return 'the whole payload came back in the error';
  // What is no HTTP is refused by the parser, in a line without a body.
  if (expected === 'ended' && /^(0\r\n\r\n)?$/.test(reply.body)) return undefined;
  return isError(reply.body) ? undefined : `${status} without an error in words: ${reply.body.slice(0, 200)}`;
}

function complaintOfGrpc(
  { code, message }: Extract<Reply, { kind: 'grpc' }>,
  expected: Expected,
): string | undefined {
  if (code === 0) return mustRefuse(expected) ? 'answered with OK' : undefined;
  if (code === INTERNAL && (expected === 'ended' || UNREADABLE.test(message))) return undefined;
  if (!REFUSALS.has(code)) return `code ${code}: ${message.slice(0, 200)}`;
  return message === '' ? `code ${code} without a message` : undefined;
}

const mustRefuse = (expected: Expected) => expected === 'refused' || expected === 'cut off';

/** `{"error": "…"}` as TensorFlow Serving has it, or our own with what to do. */
function isError(body: string): boolean {
  try {
    const { error } = JSON.parse(body) as { error?: string | { message?: string; cure?: string } };
    if (typeof error === 'string') return error !== '';
    return typeof error?.message === 'string' && typeof error.cure === 'string';
  } catch {
    return false;
  }
}
