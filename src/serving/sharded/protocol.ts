import { fileURLToPath } from 'node:url';
import type { RegisteredNetwork } from '../../export/network.ts';
import type { LinkTiming } from '../../ring/transport.ts';
import type { ErrorReport } from '../../stages/child-protocol.ts';
import type { Place } from './place.ts';

/** Of what is said here; both ends must have the same. */
export const PROTOCOL = 1;

/** What of a network a shard is told before its weights come. */
export type ShardNetwork = Pick<RegisteredNetwork, 'config' | 'normaliser' | 'answersIssues'>;

/**
 * Order: `load`, one `parameter` for each of the place → `loaded`; then for every ring `open` → `opened`,
 * `join` → `joined`, and `pass`es → `answered` by the one shard that has the last hour. An `open` drops whatever an
 * earlier epoch was doing; weights stay.
 */
export type ToShard =
  | { kind: 'load'; protocol: number; run: string; place: Place; network: ShardNetwork }
  | { kind: 'parameter'; name: string }
  | { kind: 'open'; epoch: number }
  /** Of the ranks of its stage, and of the shard of the same rank in the stage after; absent: it is the last. */
  | { kind: 'join'; epoch: number; peers: readonly string[]; next?: string | undefined }
  | PassMessage;

export interface PassMessage {
  kind: 'pass';
  epoch: number;
  call: number;
  /** Hours of the history, and the region's index. */
  hours: number;
  region: number;
  /** How many of the numbers behind it are which, in this order. */
  parts: PassParts;
}

export interface PassParts {
  /** Raw rows of the shard's hours, padding as zeros; of the first stage alone. */
  history: number;
  /** The raw row of the last hour; of the shard that answers alone, as all that follow. */
  lastRow: number;
  features: number;
  day: number;
  baseMw: number;
}

export type FromShard =
  | { kind: 'loaded' }
  /** Where the shard's neighbours reach it: the rank before it, and the stage before it. */
  | { kind: 'opened'; epoch: number; ring?: string | undefined; pipe?: string | undefined }
  | { kind: 'joined'; epoch: number }
  /** Behind it: `hourly` ratios, then the quantiles. */
  | { kind: 'answered'; epoch: number; call: number; hourly: number }
  | { kind: 'failed'; epoch?: number | undefined; error: ErrorReport };

/** From one stage to the next: states of the same rank's tokens behind it. */
export interface Passed {
  call: number;
}

/** What a child is told at its start, and says when it can be reached. */
export interface ToShardProcess {
  token: string;
  timing?: LinkTiming | undefined;
}
export interface FromShardProcess {
  address: string;
}

/** The file to fork. */
export const SHARD_PROCESS_PATH = fileURLToPath(new URL('./shard-process.ts', import.meta.url));
