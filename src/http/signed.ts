import type { Home } from '../lake/home.ts';
import type { Caller } from '../serving/service.ts';
import { vouch } from '../signing/voucher.ts';
import { HttpProblem } from './problem.ts';

const DOOR = 'http';

/**
 * A request as the workflow is asked: by which door, by whom. Of a caller who was authenticated the name is that of its
 * key, and the home's signature says so to whoever writes the audit; of any other it is what the request claims.
 */
export async function signed<Body extends { by: string; version?: number }>(
  home: Home,
  asked: { kind: string; model: string },
  body: Body,
  { name, identity }: Caller,
) {
  if (identity === 'claimed') return { ...body, from: DOOR };
  if (body.by !== name && body.by !== UNNAMED) {
    throw new HttpProblem(
      403,
      'another-name',
      'The request is in the name of somebody else than its key.',
      `Leave \`by\` out, or give ${name}.`,
    );
  }
  const voucher = await vouch(home, { ...asked, by: name, version: body.version ?? null });
  return { ...body, by: name, from: DOOR, voucher };
}

/** What a contract puts in where nobody is named. */
const UNNAMED = 'unknown';
