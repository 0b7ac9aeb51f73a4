import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, isIP, type AddressInfo, type Server, type Socket } from 'node:net';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { BadInputError, RingBrokenError } from '../errors.ts';
import { DEFAULT_TIMING, Link, type LinkTiming } from './transport.ts';

/** A ring is one run under one epoch; `token` is the secret of the run, and never crosses a wire. */
export interface RingIdentity {
  runId: string;
  epoch: number;
  token: string;
}

export interface RendezvousOptions {
  /** The address to listen on and to be reached at; default 127.0.0.1. */
  host?: string;
  timing?: LinkTiming;
  /** How long neighbours may take to appear. */
  patienceMs?: number;
}

const PATIENCE_MS = 30_000;
const PSK_CIPHERS = 'ECDHE-PSK-CHACHA20-POLY1305:PSK-AES256-GCM-SHA384';
const CURE = 'The ring forms again from the last checkpoint.';

/** Off loopback, links are TLS with the run's token as pre-shared key: encrypted, and both ends prove they know it. */
const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.');

/** The open door of a slot: neighbours that prove who they are wait here until the ring is joined. */
export class RingListener {
  readonly address: string;
  readonly identity: RingIdentity;
  readonly #server: Server;
  readonly #timing: LinkTiming;
  readonly #arrived = new Map<number, Link>();
  readonly #sockets = new Set<Socket>();
  #expected: { rank: number; resolve: (link: Link) => void; reject: (error: Error) => void } | undefined;

  private constructor(server: Server, identity: RingIdentity, host: string, timing: LinkTiming) {
    this.#server = server;
    this.identity = identity;
    this.#timing = timing;
    const { port } = server.address() as AddressInfo;
    this.address = isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
    server.on(isLoopback(host) ? 'connection' : 'secureConnection', (socket: Socket) => {
      void this.#welcome(socket);
    });
  }

  static async open(identity: RingIdentity, options: RendezvousOptions = {}): Promise<RingListener> {
    const host = options.host ?? '127.0.0.1';
    const server = isLoopback(host)
      ? createServer()
      : createTlsServer({
          ciphers: PSK_CIPHERS,
          maxVersion: 'TLSv1.2',
          pskCallback: () => pskOf(identity),
        });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, host, () => resolve());
    }).catch((error: Error) => {
      throw new BadInputError(
        `The slot cannot listen on ${host} (${error.message}).`,
        'Set RINGWATT_SLOT_HOST to an address of this host.',
      );
    });
    return new RingListener(server, identity, host, options.timing ?? DEFAULT_TIMING);
  }

  /** The link from the neighbour of this rank, once it has arrived. */
  async accept(rank: number, patienceMs = PATIENCE_MS): Promise<Link> {
    const there = this.#arrived.get(rank);
    if (there) return there;
    const { promise, resolve, reject } = Promise.withResolvers<Link>();
    this.#expected = { rank, resolve, reject };
    const timer = setTimeout(
      () => reject(new RingBrokenError(`Rank ${rank} did not join the ring in time.`, CURE)),
      patienceMs,
    );
    return promise.finally(() => clearTimeout(timer));
  }

  /** Lets nobody in any more; links that are up stay up, and whoever still waits for one waits in vain. */
  close(): void {
    this.#expected?.reject(new RingBrokenError('The slot waits for its neighbours no longer.', CURE));
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #welcome(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    const link = new Link(socket, 'a neighbour that is joining', this.identity.epoch, this.#timing);
    try {
      const hello = await link.receive('hello');
      const rank = hello.tag;
      const nonce = randomBytes(16);
      const theirs = hello.payload.subarray(0, 16);
      const said = Buffer.from(hello.payload.subarray(16)).toString('utf8');
      if (said !== this.identity.runId) throw new Error(`it belongs to run ${said}`);
      await link.send('challenge', rank, nonce, proof(this.identity, 'listener', rank, theirs, nonce));
      const answer = await link.receive('proof', rank);
      const expected = proof(this.identity, 'caller', rank, theirs, nonce);
      if (!sameBytes(answer.payload, expected)) throw new Error('it does not know the token');
      await link.send('welcome', rank);
      this.#sockets.delete(socket);
      link.trust(`rank ${rank}`);
      this.#arrived.set(rank, link);
      if (this.#expected?.rank === rank) this.#expected.resolve(link);
    } catch {
      // Whoever it is, it has not shown that it belongs here; the ring waits for one that does.
      link.destroy();
    }
  }
}

/** Connects to the next rank's door and proves to it that we belong to the ring, and the other way round. */
export async function callNeighbour(
  identity: RingIdentity,
  address: string,
  ranks: { own: number; neighbour: number },
  options: RendezvousOptions = {},
): Promise<Link> {
  const socket = await connectTo(identity, address, options.patienceMs ?? PATIENCE_MS);
  const link = new Link(socket, `rank ${ranks.neighbour}`, identity.epoch, options.timing ?? DEFAULT_TIMING);
  try {
    const nonce = randomBytes(16);
    await link.send('hello', ranks.own, nonce, Buffer.from(identity.runId, 'utf8'));
    const challenge = await link.receive('challenge', ranks.own);
    const theirs = challenge.payload.subarray(0, 16);
    const expected = proof(identity, 'listener', ranks.own, nonce, theirs);
    if (!sameBytes(challenge.payload.subarray(16), expected)) {
      throw new RingBrokenError(`Rank ${ranks.neighbour} at ${address} does not know the run's token.`, CURE);
    }
    await link.send('proof', ranks.own, proof(identity, 'caller', ranks.own, nonce, theirs));
    await link.receive('welcome', ranks.own);
    link.trust(link.name);
    return link;
  } catch (error) {
    link.destroy();
    throw error;
  }
}

async function connectTo(identity: RingIdentity, address: string, patienceMs: number): Promise<Socket> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = isLoopback(host)
    ? connectTcp(Number(port), host)
    : connectTls({
        host,
        port: Number(port),
        ciphers: PSK_CIPHERS,
        maxVersion: 'TLSv1.2',
        pskCallback: () => ({ psk: pskOf(identity), identity: identity.runId }),
        checkServerIdentity: () => undefined,
      });
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const timer = setTimeout(() => socket.destroy(new Error('no answer')), patienceMs);
  socket.once(isLoopback(host) ? 'connect' : 'secureConnect', () => resolve(socket));
  socket.once('error', (error) =>
    reject(new RingBrokenError(`The neighbour at ${address} cannot be reached (${error.message}).`, CURE)),
  );
  return promise.finally(() => clearTimeout(timer));
}

/** What each side sends to show that it knows the token, bound to run, epoch, rank, role and both nonces. */
function proof(
  { token, runId, epoch }: RingIdentity,
  role: 'listener' | 'caller',
  rank: number,
  callerNonce: Uint8Array,
  listenerNonce: Uint8Array,
): Buffer {
  return createHmac('sha256', token)
    .update(JSON.stringify([role, runId, epoch, rank]))
    .update(callerNonce)
    .update(listenerNonce)
    .digest();
}

const pskOf = ({ token, runId }: RingIdentity) => createHmac('sha256', token).update(`tls ${runId}`).digest();

const sameBytes = (a: Uint8Array, b: Uint8Array) => a.length === b.length && timingSafeEqual(a, b);
