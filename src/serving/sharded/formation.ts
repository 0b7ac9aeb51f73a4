import { RingBrokenError, UnavailableError } from '../../errors.ts';
import type { RendezvousOptions } from '../../ring/rendezvous.ts';
import { placesOf, type Arrangement } from './place.ts';
import type { ShardNetwork } from './protocol.ts';
import { ShardClient, type ShardEvents } from './shard-client.ts';
import type { ShardHost } from './shard-host.ts';
import type { WeightSource } from './weight-source.ts';

/** Of what a shard is asked for while a ring forms; its weights may take as long as they take. */
const ANSWERS_WITHIN_MS = 15_000;

export interface FormationOptions {
  /** Names the ring; of this process alone. */
  run: string;
  network: ShardNetwork;
  /** Opened anew for each shard that has to be given its weights. */
  weights(): Promise<WeightSource>;
  arrangement: Arrangement;
  /** One for each place, in the order of the places. */
  hosts: readonly ShardHost[];
  token: string;
  rendezvous: RendezvousOptions;
}

/** The shards of one network: whoever is missing is started and given its weights, and all are linked anew. */
export class Formation {
  readonly shards: (ShardClient | undefined)[];
  readonly #options: FormationOptions;
  readonly #events: ShardEvents;

  constructor(options: FormationOptions, events: ShardEvents) {
    this.#options = options;
    this.#events = events;
    this.shards = options.hosts.map(() => undefined);
  }

  /** Links all shards under this epoch. Throws when one of them could not be reached, or was lost on the way. */
  async form(epoch: number): Promise<void> {
    const { arrangement } = this.#options;
    const places = placesOf(arrangement);
    const shards = await allOf(places.map((_, i) => this.#reach(i)));
    const opened = await allOf(shards.map((shard) => inTime(shard, shard.open(epoch))));
    await Promise.all(
      places.map(({ stage, rank, ranks }, i) => {
        const peers = opened.slice(stage * ranks, (stage + 1) * ranks).map(({ ring }) => ring ?? '');
        const next = opened[(stage + 1) * ranks + rank]?.pipe;
        return inTime(shards[i]!, shards[i]!.join(epoch, peers, next));
      }),
    );
    if (shards.some((shard, i) => this.shards[i] !== shard))
      throw new RingBrokenError('A shard was lost while the ring formed.');
  }

  async close(): Promise<void> {
    const shards = this.shards.map((shard) => shard?.close());
    await Promise.allSettled([...shards, ...this.#options.hosts.map((host) => host.drop())]);
  }

  async #reach(i: number): Promise<ShardClient> {
    const there = this.shards[i];
    if (there) return there;
    const { hosts, token, rendezvous, run, network, weights, arrangement } = this.#options;
    const host = hosts[i]!;
    const address = await host.address();
    const client = await ShardClient.connect(
      { address, name: host.name, token, rendezvous },
      {
        ...this.#events,
        lost: (error) => {
          if (this.shards[i] === client) this.shards[i] = undefined;
          void host.drop();
          this.#events.lost(error);
        },
      },
    );
    await using source = await weights();
    try {
      await client.load(run, placesOf(arrangement)[i]!, network, source);
    } catch (error) {
      client.destroy(error as Error);
      throw error;
    }
    this.shards[i] = client;
    return client;
  }
}

/** All results, or the first failure once nothing of it is going on any more. */
async function allOf<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return Promise.all(works);
}

/** A shard that lives and does not answer is as good as lost. */
async function inTime<T>(shard: ShardClient, answer: Promise<T>): Promise<T> {
  const timer = setTimeout(
    () => shard.destroy(new UnavailableError('A shard did not answer in time.', 'It is started again.')),
    ANSWERS_WITHIN_MS,
  );
  return answer.finally(() => clearTimeout(timer));
}
