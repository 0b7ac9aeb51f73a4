import type { Random } from '../../../src/model/random.ts';

/** Where the server under test answers. */
export interface Target {
  http: string;
  rest: string;
  /** host:port */
  grpc: string;
  apiKey: string;
  /** Bytes that one body may have there. */
  bodyBytes: number;
}

/** What came back, as far as it can be judged. */
export type Reply =
  | { kind: 'http'; status: number; type: string; body: string }
  | { kind: 'grpc'; code: number; message: string }
  /** The connection was ended, without an answer or after one that is no HTTP. */
  | { kind: 'ended' }
  /** Nothing came within the patience of the client. */
  | { kind: 'silent' };

/**
 * What may come back: `refused`, a well-formed error of the caller's class; `cut off`, that or an end of the connection,
 * which can overtake what was said before it; `answered`, an error or a right answer; `ended`, any of it, of what is no
 * HTTP at all.
 */
export type Expected = 'refused' | 'cut off' | 'answered' | 'ended';

export interface Case {
  /** What is wrong with it; failures are counted by it. */
  family: string;
  expected: Expected;
  send(target: Target): Promise<Reply>;
}

/** A family of inputs; each call makes another by the numbers it is given. */
export type Maker = (random: Random) => Case;

/** Stands in all payloads and in no log. */
export const CANARY = 'payload-canary-7f3a';

export const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
export const upTo = (random: Random, most: number): number => Math.floor(random() * (most + 1));
