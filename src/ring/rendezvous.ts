import { randomBytes } from 'node:crypto';
import { createServer, isIP, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import { BadInputError, RingBrokenError } from '../errors.ts';
import { connectTo } from './connect.ts';
import { reasonOf } from './connection-error.ts';
import { NONCE_BYTES, proof, sameBytes, type RingIdentity } from './proof.ts';
import { Strangers, type StrangerLimits } from './strangers.ts';
import { refusedBy, refuseUncertified, serverOptions } from './tls-links.ts';
import { isLoopback, type RingTls } from '../tls/host-files.ts';
import { DEFAULT_TIMING, Link, type LinkTiming } from './transport.ts';

export type { RingIdentity } from './proof.ts';

export interface RendezvousOptions {
  /** The address to listen on and to be reached at; default 127.0.0.1. */
  host?: string;
  /** Default: one of the system's choice. */
  port?: number | undefined;
  /** What this host proves itself with. Needed off loopback; given, it is used on loopback too. */
  tls?: RingTls | undefined;
  timing?: LinkTiming;
  /** How long neighbours may take to appear. */
  patienceMs?: number;
  strangers?: StrangerLimits;
  /** Is handed the links that come in, where nobody waits for one with `accept`. */
  arrived?: ((link: Link, rank: number) => void) | undefined;
}

const PATIENCE_MS = 30_000;

/** The open door of a slot: neighbours that prove who they are wait here until the ring is joined. */
export class RingListener {
  readonly address: string;
  readonly identity: RingIdentity;
  /** What links of this ring are wrapped in, the ones called as well as those that come in. */
  readonly tls: RingTls | undefined;
  readonly #server: Server;
  readonly #timing: LinkTiming;
  readonly #arrived = new Map<number, Link>();
  readonly #strangers: Strangers;
  readonly #handOver: RendezvousOptions['arrived'];
  #expected: { rank: number; resolve: (link: Link) => void; reject: (error: Error) => void } | undefined;
  #refusal = '';

  private constructor(server: Server, identity: RingIdentity, host: string, options: RendezvousOptions) {
    this.#server = server;
    this.identity = identity;
    this.tls = options.tls;
    this.#timing = options.timing ?? DEFAULT_TIMING;
    this.#strangers = new Strangers(options.strangers);
    this.#handOver = options.arrived;
    const { port } = server.address() as AddressInfo;
    this.address = isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
    server.on('connection', (socket: Socket) => this.#strangers.admit(socket));
    server.on(options.tls ? 'secureConnection' : 'connection', (socket: Socket) => {
      void this.#welcome(socket);
    });
    server.on('tlsClientError', (error) => this.#noteRefusal(error));
  }

  static async open(identity: RingIdentity, options: RendezvousOptions = {}): Promise<RingListener> {
    const { host = '127.0.0.1', tls } = options;
    if (!tls && !isLoopback(host)) {
      throw new BadInputError(
        `The slot is asked to listen on ${host} without certificates, and links to other hosts are mutual TLS.`,
        'Make them with `ringwatt certs`, see docs/several-hosts.md.',
      );
    }
    const server = tls ? createTlsServer(serverOptions(tls)) : createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port ?? 0, host, () => resolve());
    }).catch((error: Error) => {
      throw new BadInputError(
        `The slot cannot listen on ${host} (${error.message}).`,
        'Set RINGWATT_SLOT_HOST to an address of this host.',
      );
    });
    return new RingListener(server, identity, host, options);
  }

  /** The link from the neighbour of this rank, once it has arrived. */
  async accept(rank: number, patienceMs = PATIENCE_MS): Promise<Link> {
    const there = this.#arrived.get(rank);
    if (there) return there;
    const { promise, resolve, reject } = Promise.withResolvers<Link>();
    this.#expected = { rank, resolve, reject };
    const timer = setTimeout(
      () => reject(new RingBrokenError(`Rank ${rank} did not join the ring in time.${this.#refusal}`)),
      patienceMs,
    );
    return promise.finally(() => clearTimeout(timer));
  }

  /** Lets nobody in any more; links that are up stay up, and whoever still waits for one waits in vain. */
  close(): void {
    this.#expected?.reject(new RingBrokenError('The slot waits for its neighbours no longer.'));
    this.#server.close();
    this.#strangers.turnAway();
  }

  async #welcome(socket: Socket): Promise<void> {
    const link = new Link(socket, 'a neighbour that is joining', this.identity.epoch, this.#timing);
    try {
      if (socket instanceof TLSSocket) await refuseUncertified(socket, link);
      const rank = await this.#examine(socket, link);
      this.#strangers.trust(socket);
      link.trust(`rank ${rank}`);
      await link.send('welcome', rank);
      if (this.#handOver) return this.#handOver(link, rank);
      this.#arrived.set(rank, link);
      if (this.#expected?.rank === rank) this.#expected.resolve(link);
    } catch (error) {
      // Whoever it is, it has not shown that it belongs here; the ring waits for one that does.
      this.#noteRefusal(error as Error);
      link.destroy();
    }
  }

  /** The rank that this caller has proved to be. */
  async #examine(socket: Socket, link: Link): Promise<number> {
    const { tag: rank, payload } = await link.receive('hello');
    const callerNonce = payload.subarray(0, NONCE_BYTES);
    const run = Buffer.from(payload.subarray(NONCE_BYTES)).toString('utf8');
    if (run !== this.identity.runId) throw new Error('it belongs to another run');
    const listenerNonce = randomBytes(NONCE_BYTES);
    const subject = { rank, callerNonce, listenerNonce, socket };
    await link.send('challenge', rank, listenerNonce, proof(this.identity, { role: 'listener', ...subject }));
    const answer = await link.receive('proof', rank);
    if (!sameBytes(answer.payload, proof(this.identity, { role: 'caller', ...subject })))
      throw new Error('it does not know the token');
    return rank;
  }

  #noteRefusal(error: Error): void {
    this.#refusal = ` Whoever came last was turned away: ${reasonOf(error)}`;
  }
}

/** Connects to the next rank's door and proves to it that we belong to the ring, and the other way round. */
export async function callNeighbour(
  identity: RingIdentity,
  address: string,
  ranks: { own: number; neighbour: number },
  options: RendezvousOptions = {},
): Promise<Link> {
  const socket = await connectTo(address, options.tls, options.patienceMs ?? PATIENCE_MS);
  const link = new Link(socket, `rank ${ranks.neighbour}`, identity.epoch, options.timing ?? DEFAULT_TIMING);
  try {
    const callerNonce = randomBytes(NONCE_BYTES);
    await link.send('hello', ranks.own, callerNonce, Buffer.from(identity.runId, 'utf8'));
    const challenge = await receiveChallenge(link, ranks.own, address);
    const listenerNonce = challenge.subarray(0, NONCE_BYTES);
    const subject = { rank: ranks.own, callerNonce, listenerNonce, socket };
    if (!sameBytes(challenge.subarray(NONCE_BYTES), proof(identity, { role: 'listener', ...subject }))) {
      throw new RingBrokenError(`Rank ${ranks.neighbour} at ${address} does not know the run's token.`);
    }
    // From now on it may send: the first block can come in one piece with its welcome.
    link.trust(link.name);
    await link.send('proof', ranks.own, proof(identity, { role: 'caller', ...subject }));
    await link.receive('welcome', ranks.own);
    return link;
  } catch (error) {
    link.destroy();
    throw error;
  }
}

async function receiveChallenge(link: Link, rank: number, address: string): Promise<Uint8Array> {
  const frame = await link.receiveAny();
  if (frame.type === 'refused') throw refusedBy(address, Buffer.from(frame.payload).toString('latin1'));
  if (frame.type === 'challenge' && frame.tag === rank) return frame.payload;
  throw new RingBrokenError(`The slot at ${address} answered a call with ${frame.type}.`);
}
