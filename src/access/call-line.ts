import type { CallEnded } from '../serving/observer.ts';

/**
 * A call as a line of JSON, put together by hand: of what `JSON.stringify` took, most was to find out each time anew what
 * a call is made of, and a small model answers in not much more.
 */
export function callLine(call: CallEnded, now: number): string {
  const { requestId, door, caller, model, version, label, signature, code, seconds, rows, cached } = call;
  let line = `{"at":"${timeOf(now)}","requestId":${JSON.stringify(requestId)},"door":"${door}","caller":${texts.of(caller)}`;
  if (model !== undefined) line += `,"model":${texts.of(model)}`;
  if (version !== undefined) line += `,"version":${version}`;
  if (label !== undefined) line += `,"label":${texts.of(label)}`;
  if (signature !== undefined) line += `,"signature":${texts.of(signature)}`;
  const ms = Math.round(seconds * 1e5) / 100;
  line += `,"code":"${code}","ms":${ms},"rows":${rows}`;
  return cached === undefined ? `${line}}\n` : `${line},"cached":${cached}}\n`;
}

let last = NaN;
let lastTime = '';

/** Many calls end within one millisecond. */
function timeOf(now: number): string {
  if (now !== last) lastTime = new Date(now).toISOString();
  last = now;
  return lastTime;
}

/** Names that come again and again, as JSON. */
class Texts {
  readonly #most: number;
  readonly #known = new Map<string, string>();

  constructor(most: number) {
    this.#most = most;
  }

  of(text: string): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const json = JSON.stringify(text);
    if (this.#known.size >= this.#most) this.#known.clear();
    this.#known.set(text, json);
    return json;
  }
}

const texts = new Texts(1000);
