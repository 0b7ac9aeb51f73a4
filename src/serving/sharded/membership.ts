import { createHmac } from 'node:crypto';
import { RingBrokenError } from '../../errors.ts';
import { Collectives } from '../../ring/collectives.ts';
import { joinRing } from '../../ring/join.ts';
import {
  callNeighbour,
  RingListener,
  type RendezvousOptions,
  type RingIdentity,
} from '../../ring/rendezvous.ts';
import type { Link } from '../../ring/transport.ts';
import { MessageLink } from './message.ts';
import type { Place } from './place.ts';
import type { Passed } from './protocol.ts';

/** Neighbours are told of each other at the same moment. */
const PATIENCE_MS = 5000;

type Pipe = MessageLink<Passed, Passed>;

/** For the rank before, and for the stage before. */
interface Doors {
  ring?: RingListener | undefined;
  pipe?: RingListener | undefined;
}

/** A shard's links under one epoch: with the ranks of its stage, the stage before and the stage after. */
export class Membership {
  readonly epoch: number;
  readonly #place: Place;
  readonly #rendezvous: RendezvousOptions;
  readonly #doors: Doors;
  readonly #outward: RingIdentity;
  readonly #links: Link[] = [];
  #ring: Collectives | undefined;
  #before: Pipe | undefined;
  #after: Pipe | undefined;
  #over = false;

  private constructor(
    epoch: number,
    place: Place,
    rendezvous: RendezvousOptions,
    doors: Doors,
    outward: RingIdentity,
  ) {
    this.epoch = epoch;
    this.#place = place;
    this.#rendezvous = rendezvous;
    this.#doors = doors;
    this.#outward = outward;
  }

  /** Opens a door for each neighbour that will call. `secret` is shared by all shards of the run alone. */
  static async open(
    { run, epoch, secret }: { run: string; epoch: number; secret: string },
    place: Place,
    options: RendezvousOptions,
  ): Promise<Membership> {
    const rendezvous = { ...options, patienceMs: PATIENCE_MS };
    const token = createHmac('sha256', secret).update(run).digest('hex');
    const identity = (what: string) => ({ runId: `${run}/${what}`, epoch, token });
    const doors: Doors = {};
    if (place.ranks > 1) doors.ring = await RingListener.open(identity(`stage ${place.stage}`), rendezvous);
    if (place.stage > 0)
      doors.pipe = await RingListener.open(identity(`into stage ${place.stage}`), rendezvous);
    const outward = identity(`into stage ${place.stage + 1}`);
    return new Membership(epoch, place, rendezvous, doors, outward);
  }

  get addresses(): { ring?: string | undefined; pipe?: string | undefined } {
    return { ring: this.#doors.ring?.address, pipe: this.#doors.pipe?.address };
  }

  /** Resolves when all neighbours have proved that they belong. */
  async join(peers: readonly string[], next: string | undefined): Promise<void> {
    const { rank } = this.#place;
    const ring = this.#doors.ring
      ? joinRing(
          this.#doors.ring,
          rank,
          peers.map((address, peer) => ({ rank: peer, address })),
          this.#rendezvous,
        )
      : Promise.resolve(Collectives.alone());
    const ranks = { own: rank, neighbour: rank };
    const after =
      next === undefined ? undefined : callNeighbour(this.#outward, next, ranks, this.#rendezvous);
    const before = this.#doors.pipe?.accept(rank, PATIENCE_MS);
    const settled = await Promise.allSettled([
      ring.then((joined) => (this.#ring = joined)),
      after?.then((link) => (this.#after = this.#piped(link))),
      before?.then((link) => (this.#before = this.#piped(link))),
    ]);
    this.#closeDoors();
    // What came about late belongs to no ring.
    if (this.#over) this.end();
    const failed = settled.find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
    if (this.#over) throw new RingBrokenError(`The ring of epoch ${this.epoch} is over.`);
  }

  get ring(): Collectives {
    if (this.#ring && !this.#over) return this.#ring;
    throw new RingBrokenError(`The ring of epoch ${this.epoch} does not stand.`);
  }

  /** From the stage before; the first has none. */
  get before(): Pipe | undefined {
    return this.#before;
  }

  /** To the stage after; the last has none. */
  get after(): Pipe | undefined {
    return this.#after;
  }

  /** Throws when a neighbour is lost, or the ring is over. */
  check(): void {
    this.ring.check();
    for (const link of this.#links) link.check();
  }

  /** Drops all links at once: whoever waits for one of them is woken. */
  end(): void {
    this.#over = true;
    this.#closeDoors();
    this.#ring?.destroy();
    for (const link of this.#links) link.destroy();
  }

  #piped(link: Link): Pipe {
    this.#links.push(link);
    return new MessageLink(link);
  }

  #closeDoors(): void {
    this.#doors.ring?.close();
    this.#doors.pipe?.close();
  }
}
