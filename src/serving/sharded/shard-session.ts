import type { BlockAttention } from '../../attention/block-attention.ts';
import { BadInputError, RingBrokenError } from '../../errors.ts';
import { viewOf, type ParameterLayout } from '../../model/parameters.ts';
import type { RendezvousOptions } from '../../ring/rendezvous.ts';
import type { Link } from '../../ring/transport.ts';
import { reportError } from '../../stages/child-protocol.ts';
import { Membership } from './membership.ts';
import { MessageLink, type Message } from './message.ts';
import { stageLayout, type Place } from './place.ts';
import { PROTOCOL, type FromShard, type PassMessage, type ToShard } from './protocol.ts';
import { StagePass, type Share } from './stage-pass.ts';

export interface SessionOptions {
  attention: BlockAttention;
  /** Of the links to neighbours. */
  rendezvous: RendezvousOptions;
  secret: string;
}

interface Loaded {
  run: string;
  place: Place;
  layout: ParameterLayout;
  weights: Float32Array;
  /** Names of parameters that have not come yet. */
  missing: Set<string>;
  stage: StagePass;
}

/** One shard of one network, for the process that serves it, as long as their link lasts. */
export class ShardSession {
  readonly #talk: MessageLink<FromShard, ToShard>;
  readonly #options: SessionOptions;
  #loaded: Loaded | undefined;
  #membership: Membership | undefined;
  /** The passes of the newest ring, one after another. */
  #passes: Promise<void> = Promise.resolve();

  constructor(link: Link, options: SessionOptions) {
    this.#talk = new MessageLink(link);
    this.#options = options;
  }

  /** Returns when the other side is gone; all that was held for it is let go. */
  async serve(): Promise<void> {
    try {
      for (;;) {
        const message = await this.#talk.hear();
        // The next message is read at once: an `open` ends what a `pass` before it has begun.
        void this.#handle(message).catch((error: unknown) => this.#fail(message, error));
      }
    } catch {
      // Whoever it was has gone, which is how all of them end.
    } finally {
      this.#membership?.end();
      this.#talk.link.destroy();
    }
  }

  async #handle({ head, floats }: Message<ToShard>): Promise<void> {
    switch (head.kind) {
      case 'load':
        return this.#begin(head);
      case 'parameter':
        return this.#put(head.name, floats);
      case 'open':
        return this.#open(head.epoch);
      case 'join':
        await this.#current(head.epoch).join(head.peers, head.next);
        return this.#say({ kind: 'joined', epoch: head.epoch });
      case 'pass':
        return this.#pass(head, floats);
    }
  }

  #begin({ protocol, run, place, network }: Extract<ToShard, { kind: 'load' }>): void {
    if (protocol !== PROTOCOL) {
      throw new BadInputError(
        `A shard that speaks version ${PROTOCOL} was asked to serve by one that speaks ${protocol}.`,
        'Run the same version on all hosts.',
      );
    }
    const layout = stageLayout(network.config, place);
    const weights = new Float32Array(layout.size);
    const missing = new Set(layout.byName.keys());
    this.#loaded = {
      ...{ run, place, layout, weights, missing },
      stage: new StagePass(network, place, layout, weights),
    };
  }

  #put(name: string, values: Float32Array): void {
    const { layout, weights, missing } = this.#loaded!;
    const parameter = layout.byName.get(name);
    const view = parameter && viewOf(weights, parameter);
    if (view?.length !== values.length)
      throw new BadInputError(`${name} does not belong to this shard.`, 'Run the same version on all hosts.');
    view.set(values);
    missing.delete(name);
    if (missing.size === 0) this.#say({ kind: 'loaded' });
  }

  async #open(epoch: number): Promise<void> {
    const { run, place } = this.#loaded!;
    this.#membership?.end();
    // Two passes never share the memory that they work in.
    await this.#passes;
    const { secret, rendezvous } = this.#options;
    this.#membership = await Membership.open({ run, epoch, secret }, place, rendezvous);
    this.#say({ kind: 'opened', epoch, ...this.#membership.addresses });
  }

  #pass(head: PassMessage, floats: Float32Array): Promise<void> {
    const membership = this.#current(head.epoch);
    const pass = this.#passes.then(() => this.#run(membership, head, floats));
    this.#passes = pass.catch(() => undefined);
    return pass;
  }

  async #run(membership: Membership, head: PassMessage, floats: Float32Array): Promise<void> {
    const { stage } = this.#loaded!;
    const { call, epoch } = head;
    const share = shareOf(head, floats);
    membership.check();
    if (membership.before) {
      const { head: passed, floats: states } = await membership.before.hear();
      if (passed.call !== call)
        throw new RingBrokenError(`The stage before is at call ${passed.call}, not ${call}.`);
      share.rows = states;
    }
    const made = await stage.run(share, {
      ring: membership.ring,
      attention: this.#options.attention,
      pause: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        membership.check();
      },
    });
    if (made.kind === 'answer') {
      this.#say({ kind: 'answered', epoch, call, hourly: made.hourly.length }, made.hourly, made.quantiles);
    } else if (made.kind === 'states') {
      await membership.after!.say({ call }, made.x);
      stage.release(made.x);
    }
  }

  #current(epoch: number): Membership {
    if (this.#membership?.epoch === epoch) return this.#membership;
    throw new RingBrokenError(`The ring of epoch ${epoch} is over.`);
  }

  #say(message: FromShard, ...floats: Float32Array[]): void {
    // That the other side is gone is heard where it is listened to.
    this.#talk.say(message, ...floats).catch(() => undefined);
  }

  #fail({ head }: Message<ToShard>, error: unknown): void {
    // The neighbours learn of it by the end of their links.
    if (head.kind === 'pass' && this.#membership?.epoch === head.epoch) this.#membership.end();
    const epoch = 'epoch' in head ? head.epoch : undefined;
    this.#say({ kind: 'failed', epoch, error: reportError(error) });
  }
}

/** The parts of a pass, where they lie. */
function shareOf({ hours, region, parts }: PassMessage, floats: Float32Array): Share {
  let at = 0;
  const take = (length: number) => floats.subarray(at, (at += length));
  return {
    ...{ hours, region },
    rows: take(parts.history),
    lastRow: take(parts.lastRow),
    issue: { features: take(parts.features), day: take(parts.day), baseMw: take(parts.baseMw) },
  };
}
