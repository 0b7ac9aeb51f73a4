import { createHash } from 'node:crypto';
import type { ABTestConfig, Variant } from '../contracts/ab-test.ts';

type Dealt = Pick<ABTestConfig, 'test_name' | 'traffic_split'>;

/**
 * Which variant answers. A user is always answered by the same one, whatever the request; a request without a user is
 * its own. Pure: SHA-256 of the test's name and the id, so that every process deals alike, and tests deal
 * independently of one another.
 */
export function routeRequest(test: Dealt, requestId: string, userId?: string): Variant {
  return drawOf(test.test_name, unitOf(requestId, userId)) < test.traffic_split ? 'treatment' : 'control';
}

/** What is dealt: users and single requests can never be taken for one another. */
export const unitOf = (requestId: string, userId?: string): string =>
  userId === undefined ? `request:${requestId}` : `user:${userId}`;

/** A number from 0 to 1 that is uniform over units: the first 52 bits of the hash. */
export const drawOf = (testName: string, unit: string): number =>
  Number.parseInt(digest('variant', testName, unit).slice(0, 13), 16) / 2 ** 52;

/** What the files call a user: nobody can be named from it by who does not know the ids. */
export const unitKey = (testName: string, unit: string): string =>
  digest('unit', testName, unit).slice(0, 20);

/**
 * What a served request is called in a test: with a user, his pseudonym stands behind it. Only the first of a user's
 * requests is written down; whichever of them is rated, its name says whose it is.
 */
export const requestName = (testName: string, requestId: string, userId?: string): string =>
  userId === undefined ? requestId : `${requestId}@${unitKey(testName, unitOf(requestId, userId))}`;

/** The pseudonym in a request's name. */
export const unitIn = (name: string): string | undefined => /@([0-9a-f]{20})$/.exec(name)?.[1];

// Lengths are told apart: `a` + `bc` is not `ab` + `c`.
const digest = (...parts: string[]) => createHash('sha256').update(JSON.stringify(parts)).digest('hex');
