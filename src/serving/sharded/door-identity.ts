import type { RingIdentity } from '../../ring/rendezvous.ts';

/** What the token of shards on other hosts is derived for (`lake/ring-token.ts`). */
export const SHARDS = 'serving-shards';

/** What whoever asks for a shard proves itself for, and knows the token of. */
export const doorIdentity = (token: string): RingIdentity => ({ runId: SHARDS, epoch: 0, token });
