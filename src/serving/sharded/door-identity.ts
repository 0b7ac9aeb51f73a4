import type { RingIdentity } from '../../ring/rendezvous.ts';

/** What whoever asks for a shard proves itself for, and knows the token of. */
export const doorIdentity = (token: string): RingIdentity => ({ runId: 'serving-shards', epoch: 0, token });
