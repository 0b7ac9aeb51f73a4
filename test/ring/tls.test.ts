import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import {
  connect as connectTls,
  createServer as createTls,
  type ConnectionOptions,
  type TLSSocket,
} from 'node:tls';
import { BadInputError, RingBrokenError } from '../../src/errors.ts';
import { joinRing } from '../../src/ring/join.ts';
import { callNeighbour, RingListener, type RingIdentity } from '../../src/ring/rendezvous.ts';
import { clientOptions } from '../../src/ring/tls-links.ts';
import { isLoopback, type RingTls } from '../../src/tls/host-files.ts';
import { testAuthority } from '../tls/certificates.ts';
import { closed, turnedAway } from './sockets.ts';

const ring: RingIdentity = { runId: 'run', epoch: 4, token: 'the secret of the run' };
const ranks = { own: 1, neighbour: 0 };
const HOST = '127.0.0.1';
const portOf = ({ address }: RingListener) => Number(address.split(':').at(-1));

describe('mutual TLS between slots', () => {
  let authority: Awaited<ReturnType<typeof testAuthority>>;
  let other: Awaited<ReturnType<typeof testAuthority>>;
  let good: RingTls;
  const open: ({ close(): void } | { destroy(): void })[] = [];

  before(async () => {
    [authority, other] = [await testAuthority(), await testAuthority()];
    good = await authority.issue(HOST);
  });
  afterEach(() => {
    for (const each of open.splice(0)) {
      if ('destroy' in each) each.destroy();
      else each.close();
    }
  });

  const door = async (tls: RingTls | undefined = good) => {
    const listener = await RingListener.open(ring, { host: HOST, tls });
    open.push(listener);
    return listener;
  };
  const call = async (listener: RingListener, tls: RingTls | undefined, identity = ring) => {
    const link = await callNeighbour(identity, listener.address, ranks, { tls });
    open.push(link);
    return link;
  };
  it('forms a ring of hosts whose certificates come from one authority, over TLS 1.3 alone', async () => {
    const doors = await Promise.all(['127.0.0.1', '127.0.0.2'].map(async (host) => {
      const listener = await RingListener.open(ring, { host, tls: await authority.issue(host) });
      open.push(listener);
      return listener;
    })); // prettier-ignore
    const peers = doors.map(({ address }, rank) => ({ rank, address }));
    const joined = await Promise.all(doors.map((each, rank) => joinRing(each, rank, peers)));
    const said = await Promise.all(joined.map((each) => each.allGatherNumbers([each.rank + 1])));
    assert.deepEqual(said, [[[1], [2]], [[1], [2]]]); // prettier-ignore
    await Promise.all(joined.map((each) => each.close()));
    const old = handshake(await door(), {
      ...clientOptions(good),
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
    });
    await assert.rejects(old, /protocol version|PROTOCOL_VERSION/);
  });

  it('still asks for the token of the run', async () => {
    const listener = await door();
    await assert.rejects(call(listener, good, { ...ring, token: 'a guess' }), RingBrokenError);
    await turnedAway(listener, 1, /it does not know the token|closed the connection/);
  });

  const bad: Record<string, { of: () => Promise<RingTls>; says: RegExp }> = {
    'from another authority': { of: () => other.issue(HOST), says: /comes from another authority/ },
    'that has expired': { of: () => authority.issue(HOST, -1), says: /has expired/ },
  };
  for (const [what, { of, says }] of Object.entries(bad)) {
    it(`turns a caller away with a certificate ${what}, and tells it so`, async () => {
      const listener = await door();
      // The caller itself trusts the authority of the one it calls: what is wrong is what it shows.
      const shown = { ...(await of()), ca: authority.ca };
      await assert.rejects(call(listener, shown), (error: Error) => {
        assert.ok(error instanceof BadInputError);
        assert.match(error.message, new RegExp(`refuses our certificate: it ${says.source}`));
        return true;
      });
      await turnedAway(listener, 1, says);
    });

    it(`does not speak to a listener with a certificate ${what}`, async () => {
      const shown = { ...(await of()), ca: authority.ca };
      const listener = await door(shown);
      await assert.rejects(call(listener, good), (error: Error) => {
        assert.ok(error instanceof BadInputError);
        assert.match(
          error.message,
          new RegExp(`certificate of the slot at ${listener.address} ${says.source}`),
        );
        return true;
      });
    });
  }

  it('does not speak to a listener whose certificate is for another address than the one called', async () => {
    const listener = await door(await authority.issue('127.0.0.2'));
    await assert.rejects(call(listener, good), (error: Error) => {
      assert.ok(error instanceof BadInputError);
      assert.match(error.message, /is for another name or address/);
      return true;
    });
  });

  it('checks names as well as addresses', async () => {
    const named = await RingListener.open(ring, {
      host: 'localhost',
      tls: await authority.issue('localhost'),
    });
    open.push(named);
    await call(named, good);
    const elsewhere = named.address.replace('localhost', HOST);
    await assert.rejects(callNeighbour(ring, elsewhere, ranks, { tls: good }), /another name or address/);
  });

  it('turns away who shows no certificate, also one that goes on from an earlier session', async () => {
    const listener = await door();
    const without = { ca: good.ca, minVersion: 'TLSv1.3' } as const;
    const first = await handshake(listener, without);
    const sessions: Buffer[] = [];
    first.on('session', (session: Buffer) => sessions.push(session)).resume();
    await closed(first);
    await turnedAway(listener, 1, /its certificate/);
    const again = await handshake(listener, { ...without, session: sessions[0] });
    assert.equal(again.isSessionReused(), false);
    again.resume();
    await closed(again);
    await turnedAway(listener, 1, /its certificate/);
  });

  it('takes no plain connection at a TLS door, and no TLS at a plain one', async () => {
    const secured = await door();
    await assert.rejects(call(secured, undefined), RingBrokenError);
    await turnedAway(secured, 1, /./);
    const plain = await RingListener.open(ring, { host: HOST });
    open.push(plain);
    await assert.rejects(call(plain, good), RingBrokenError);
    await turnedAway(plain, 1, /./);
  });

  it('forms the ring although rubbish comes in first', async () => {
    const doors = [await door(), await door()];
    for (const listener of doors) {
      for (const rubbish of [
        'GET / HTTP/1.0\r\n\r\n',
        Buffer.alloc(3000, 0x16),
        Buffer.from([0x16, 3, 1, 0xff, 0xff]),
      ]) {
        const socket = connect(portOf(listener), HOST);
        open.push(socket.on('error', () => undefined));
        socket.write(rubbish);
      }
    }
    const peers = doors.map(({ address }, rank) => ({ rank, address }));
    const joined = await Promise.all(doors.map((each, rank) => joinRing(each, rank, peers)));
    await Promise.all(joined.map((each) => each.close()));
  });

  it('takes no proof that was made for another connection', async () => {
    const listener = await door();
    // Somebody in the middle with a certificate of our own authority passes on what both sides say.
    const middle = createServer().listen(0, HOST);
    open.push(middle);
    await once(middle, 'listening');
    const between = createTls({ ...good, requestCert: true }, (theirs: TLSSocket) => {
      const ours = connectTls({ ...clientOptions(good), port: portOf(listener), host: HOST });
      open.push(theirs, ours);
      theirs.on('error', () => ours.destroy()).on('close', () => ours.destroy());
      ours.on('error', () => theirs.destroy()).on('close', () => theirs.destroy());
      theirs.pipe(ours).pipe(theirs);
    });
    middle.on('connection', (socket: Socket) => void between.emit('connection', socket));
    const address = `${HOST}:${(middle.address() as AddressInfo).port}`;
    await assert.rejects(callNeighbour(ring, address, ranks, { tls: good }), /does not know the run's token/);
  });

  it('listens off loopback with certificates alone, and calls nobody there without', async () => {
    await assert.rejects(RingListener.open(ring, { host: '0.0.0.0' }), /without certificates/);
    await assert.rejects(callNeighbour(ring, '192.0.2.1:1', ranks), /RINGWATT_SLOT_HOST|its own host alone/);
    assert.deepEqual(
      ['127.0.0.1', '127.8.8.8', '::1', 'localhost', '127.evil.example', '10.0.0.1', '::', 'fd00::1'].map(
        isLoopback,
      ),
      [true, true, true, true, false, false, false, false],
    );
  });

  /** A TLS connection of its own making. */
  async function handshake(listener: RingListener, options: ConnectionOptions): Promise<TLSSocket> {
    const socket = connectTls({ ...options, port: portOf(listener), host: HOST });
    open.push(socket);
    await once(socket, 'secureConnect');
    return socket.on('error', () => undefined);
  }
});
