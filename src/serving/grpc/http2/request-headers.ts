import { ERROR, StreamError } from './frames.ts';

/** Header fields of a request by their names in small letters; of a name that comes twice, both values. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

const PSEUDO = new Set([':method', ':scheme', ':path', ':authority']);
/** They speak of a connection, and HTTP/2 has other ways to (RFC 9113, section 8.2.2). */
const OF_CONNECTIONS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
const NAME = /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const NO_VALUE = /[\0\r\n]|^[ \t]|[ \t]$/;

/** Gathers the fields of one request and holds them to RFC 9113, section 8. */
export class HeadersOfRequest {
  readonly headers: Record<string, string | undefined> = Object.create(null) as Record<string, string>;
  readonly #stream: number;
  readonly #areTrailers: boolean;
  #hasRegular = false;
  #problem: string | undefined;

  /** @param problem with the stream, whatever its fields are */
  constructor(stream: number, areTrailers: boolean, problem?: string) {
    this.#stream = stream;
    this.#areTrailers = areTrailers;
    this.#problem = problem;
  }

  /** Does not throw: a block is read to its end whatever it holds. */
  readonly take = (name: string, value: string): void => {
    this.#problem ??= this.#problemWith(name, value);
    const before = this.headers[name];
    this.headers[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`;
  };

  /** @throws StreamError */
  check(): void {
    const { headers } = this;
    if (!this.#areTrailers) {
      const missing = [':method', ':scheme', ':path'].find((name) => !headers[name]);
      if (missing !== undefined) this.#problem ??= `no ${missing}`;
    }
    if (this.#problem !== undefined) throw new StreamError(this.#stream, ERROR.protocol, this.#problem);
  }

  #problemWith(name: string, value: string): string | undefined {
    if (!NAME.test(name) || NO_VALUE.test(value)) return 'a header field that none may be';
    if (name.startsWith(':')) {
      if (this.#areTrailers || this.#hasRegular || !PSEUDO.has(name) || name in this.headers) {
        return 'a pseudo-header field where none may be';
      }
      return undefined;
    }
    this.#hasRegular = true;
    if (OF_CONNECTIONS.has(name) || (name === 'te' && value !== 'trailers')) {
      return `the header field ${name}`;
    }
    return undefined;
  }
}
