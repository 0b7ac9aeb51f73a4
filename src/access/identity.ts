import type { Caller } from '../serving/service.ts';
import { ServingProblem } from '../serving/problem.ts';

/** Who it is, and under which name requests of theirs are counted. */
export interface Identity {
  caller: Caller;
  account: string;
}

/** What a caller says of itself is not true. Each of these counts as a wrong try of its address. */
export class WrongCredentials extends ServingProblem {
  constructor(message: string) {
    super('UNAUTHENTICATED', message);
  }
}

/** What decides cannot be read: whoever comes is sent away, and it is not their fault. */
export const cannotTell = (what: string, retryAfter: number): ServingProblem =>
  new ServingProblem('UNAVAILABLE', `${what} Nobody is let in by it until then.`, retryAfter);

/** Names end in logs and in the audit, which takes 120 letters. */
export const safeName = (name: string): string =>
  name.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?').slice(0, 120);
