import { ConnectionError, ERROR } from './frames.ts';

/** As nghttp2 has it: so many at once, and so many a second from then on. */
const AT_ONCE = 1000;
const A_SECOND = 33;

/**
 * What a peer may do but has no reason to do often: asking and taking back at once (CVE-2023-44487), frames that hold
 * nothing, settings. Each costs us more than it costs the peer. Pings are none of these: gRPC's clients measure the
 * network with one for each answer.
 */
export class Nuisance {
  #left = AT_ONCE;
  #since = performance.now();

  /** @throws ConnectionError */
  count(what: string): void {
    if (--this.#left >= 0) return;
    const now = performance.now();
    this.#left = Math.min(AT_ONCE, Math.floor(((now - this.#since) / 1000) * A_SECOND));
    this.#since = now;
    if (--this.#left < 0) throw new ConnectionError(ERROR.enhanceYourCalm, `too many ${what}`);
  }
}
