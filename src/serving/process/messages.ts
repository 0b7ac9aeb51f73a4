import type { ModelConfig } from '../model-config.ts';
import type { Refusal } from '../refusal.ts';
import type { ServeOptions } from './options.ts';

/** Where the doors of a process can be reached. */
export interface Addresses {
  http?: string;
  rest?: string;
  /** host:port */
  grpc?: string;
}

/** What the supervisor says to the processes that answer, and they to it. */
export type ToServing =
  | { kind: 'serve'; options: ServeOptions }
  | { kind: 'reload'; call: number; models: readonly ModelConfig[] }
  /** To a call of its own. */
  | { kind: 'reloaded'; call: number; refusal?: Refusal }
  /** Answer what is under way, take no more, and end. */
  | { kind: 'drain' };

export type FromServing =
  | { kind: 'loading'; model: string; version: number }
  | { kind: 'ready'; addresses: Addresses }
  | { kind: 'failed'; refusal: Refusal }
  | { kind: 'reloaded'; call: number; refusal?: Refusal }
  /** Please: in all processes. */
  | { kind: 'askReload'; call: number; models: readonly ModelConfig[] };
