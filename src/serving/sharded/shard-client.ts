import { RingBrokenError } from '../../errors.ts';
import { callNeighbour, type RendezvousOptions } from '../../ring/rendezvous.ts';
import type { Link } from '../../ring/transport.ts';
import { restoreError } from '../../stages/child-protocol.ts';
import { MessageLink, type Message } from './message.ts';
import { stageLayout, type Place } from './place.ts';
import { PROTOCOL, type FromShard, type ShardNetwork, type ToShard } from './protocol.ts';
import { doorIdentity } from './door-identity.ts';
import type { WeightSource } from './weight-source.ts';

/** A host that is there answers at once. */
const PATIENCE_MS = 5000;

type Heard<Kind extends FromShard['kind']> = Extract<FromShard, { kind: Kind }>;

export interface ClientOptions {
  address: string;
  /** For messages. */
  name: string;
  token: string;
  rendezvous: RendezvousOptions;
}

export interface ShardEvents {
  answered(answer: Heard<'answered'>, floats: Float32Array): void;
  /** A pass has failed there; the shard itself lives. */
  failed(epoch: number, error: Error): void;
  /** For good: it has ended, hangs, or what it said made no sense. */
  lost(error: Error): void;
}

interface Awaited {
  kind: FromShard['kind'];
  epoch: number | undefined;
  resolve(message: FromShard): void;
  reject(error: Error): void;
}

/** One shard, as the process that serves sees it. */
export class ShardClient {
  readonly #talk: MessageLink<ToShard, FromShard>;
  readonly #events: ShardEvents;
  readonly #awaited = new Set<Awaited>();
  #lost: Error | undefined;

  private constructor(link: Link, events: ShardEvents) {
    this.#talk = new MessageLink(link);
    this.#events = events;
    void this.#listen();
  }

  static async connect(
    { address, name, token, rendezvous }: ClientOptions,
    events: ShardEvents,
  ): Promise<ShardClient> {
    const ranks = { own: 0, neighbour: 0 };
    const options = { ...rendezvous, patienceMs: PATIENCE_MS };
    const link = await callNeighbour(doorIdentity(token), address, ranks, options);
    link.name = name;
    return new ShardClient(link, events);
  }

  /** Gives it what belongs to its place; one parameter at a time, so that this process holds no more of them. */
  async load(run: string, place: Place, network: ShardNetwork, weights: WeightSource): Promise<void> {
    const { config, normaliser, answersIssues } = network;
    const loaded = this.#await('loaded', undefined);
    const told = { config, normaliser, answersIssues };
    await this.tell({ kind: 'load', protocol: PROTOCOL, run, place, network: told });
    for (const { name } of stageLayout(config, place).parameters)
      await this.tell({ kind: 'parameter', name }, await weights.read(name));
    await loaded;
  }

  async open(epoch: number): Promise<Heard<'opened'>> {
    const opened = this.#await('opened', epoch);
    await this.tell({ kind: 'open', epoch });
    return (await opened) as Heard<'opened'>;
  }

  async join(epoch: number, peers: readonly string[], next: string | undefined): Promise<void> {
    const joined = this.#await('joined', epoch);
    await this.tell({ kind: 'join', epoch, peers, next });
    await joined;
  }

  /** Resolves when all of it has left: a slow shard slows whoever tells it something. */
  tell(message: ToShard, ...floats: readonly Float32Array[]): Promise<void> {
    return this.#talk.say(message, ...floats);
  }

  /** Says goodbye: the shard lets go of all that it holds. */
  async close(): Promise<void> {
    this.#lose(new RingBrokenError('The shard is needed no longer.'), false);
    await this.#talk.link.close();
  }

  /** Ends the link at once. */
  destroy(reason: Error): void {
    this.#lose(reason);
    this.#talk.link.destroy();
  }

  async #listen(): Promise<void> {
    try {
      for (;;) this.#hear(await this.#talk.hear());
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  #hear({ head, floats }: Message<FromShard>): void {
    if (head.kind === 'answered') return this.#events.answered(head, floats);
    const epoch = 'epoch' in head ? head.epoch : undefined;
    const due = [...this.#awaited].find((one) => one.epoch === epoch);
    if (head.kind !== 'failed') return due?.kind === head.kind ? due.resolve(head) : undefined;
    const error = restoreError(head.error);
    if (due) due.reject(error);
    else if (epoch !== undefined) this.#events.failed(epoch, error);
  }

  #await(kind: Awaited['kind'], epoch: number | undefined): Promise<FromShard> {
    if (this.#lost) return Promise.reject(this.#lost);
    const { promise, resolve, reject } = Promise.withResolvers<FromShard>();
    const awaited = { kind, epoch, resolve, reject };
    this.#awaited.add(awaited);
    const answer = promise.finally(() => this.#awaited.delete(awaited));
    // Whoever tells it something first may fail before this is waited for.
    answer.catch(() => undefined);
    return answer;
  }

  #lose(reason: Error, unexpected = true): void {
    if (this.#lost) return;
    this.#lost = reason;
    for (const { reject } of this.#awaited) reject(reason);
    if (unexpected) this.#events.lost(reason);
  }
}
