import { BadInputError, SourceFaultError, SourceRefusedError } from '../../errors.ts';
import { beginningOf, type Reply } from '../http-client.ts';

const RETRIED = 'It is tried again; if it lasts, the source is in trouble.';

/** The body of a reply that went well; everything else becomes the error that says what went wrong. */
export function bodyOf(reply: Reply): Buffer {
  if (reply.status !== 200) throw refusal(reply);
  return reply.body;
}

/** `response` of a body that is what was asked for. Fails with `SourceFaultError` naming what came instead. */
export function parseResponse(body: Buffer): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    const isHtml = body.toString('latin1', 0, 20).trimStart().startsWith('<');
    throw new SourceFaultError(
      isHtml
        ? `EIA answered with HTML where JSON was expected, beginning ${beginningOf(body)}.`
        : `EIA's reply of ${body.length} bytes is cut off or malformed: it is not whole JSON.`,
      RETRIED,
    );
  }
  const response = (parsed as { response?: unknown } | null)?.response;
  if (typeof response !== 'object' || response === null) {
    throw new SourceFaultError(`EIA's reply has no "response": ${beginningOf(body)}.`, RETRIED);
  }
  const warnings = (parsed as { warnings?: unknown }).warnings;
  return warnings === undefined ? { ...response } : { warnings, ...response };
}

function refusal({ status, body }: Reply): Error {
  const said = errorIn(body);
  const what = `EIA answered ${status}${said ? ` (${said.text})` : ''}`;
  if (status === 403 || status === 401) {
    return new SourceRefusedError(
      `${what}: it refuses the API key.`,
      'Set EIA_API_KEY to a valid key; a key that asked too often is suspended for a while.',
    );
  }
  // An unknown route comes as HTTP 500 with the code 404 inside.
  if (status === 400 || status === 404 || said?.code === 404 || said?.code === 400) {
    return new BadInputError(
      `${what}: it does not know what was asked for.`,
      'Check the route and its dates.',
    );
  }
  return new SourceFaultError(`${what}.`, RETRIED);
}

/** `{"error": "text", "code": 404}` or `{"error": {"code": "API_KEY_INVALID", …}}`; messages may quote the key, so only short texts pass. */
function errorIn(body: Buffer): { text: string; code?: number } | undefined {
  try {
    const { error, code } = JSON.parse(body.toString('utf8')) as { error?: unknown; code?: unknown };
    const text = typeof error === 'string' ? error : (error as { code?: unknown } | undefined)?.code;
    if (typeof text !== 'string') return undefined;
    return { text: text.slice(0, 80), code: Number(code) };
  } catch {
    return undefined;
  }
}
