import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { BadInputError, RingBrokenError } from '../../src/errors.ts';
import { joinRing } from '../../src/ring/join.ts';
import {
  callNeighbour,
  RingListener,
  type RendezvousOptions,
  type RingIdentity,
} from '../../src/ring/rendezvous.ts';
import { Link } from '../../src/ring/transport.ts';
import { closed, turnedAway } from './sockets.ts';
import { until } from '../support/until.ts';

const ring: RingIdentity = { runId: 'run', epoch: 4, token: 'the secret of the run' };
const ranks = { own: 1, neighbour: 0 };

describe('rendezvous', () => {
  const doors: RingListener[] = [];
  const portOf = ({ address }: RingListener) => Number(address.split(':').at(-1));
  const door = async (identity = ring, options: RendezvousOptions = {}) => {
    const listener = await RingListener.open(identity, options);
    doors.push(listener);
    return listener;
  };

  afterEach(() => doors.splice(0).forEach((listener) => listener.close()));

  for (const [what, stranger] of Object.entries({
    'another token': { ...ring, token: 'a guess' },
    'another run': { ...ring, runId: 'other' },
    'an older epoch': { ...ring, epoch: 3 },
    'a later epoch': { ...ring, epoch: 5 },
  })) {
    it(`refuses a caller with ${what}`, async () => {
      const listener = await door();
      await assert.rejects(callNeighbour(stranger, listener.address, ranks), RingBrokenError);
      await assert.rejects(listener.accept(1, 10), /did not join the ring in time/);
    });
  }

  it('lets no caller in that guesses the proof', async () => {
    const listener = await door();
    const socket = connect(Number(listener.address.split(':')[1]), '127.0.0.1');
    const guesser = new Link(socket, 'the door', ring.epoch);
    await guesser.send('hello', 1, Buffer.alloc(16), Buffer.from(ring.runId));
    await guesser.receive('challenge', 1);
    await guesser.send('proof', 1, Buffer.alloc(32));
    await assert.rejects(guesser.receive('welcome'), RingBrokenError);
    await assert.rejects(listener.accept(1, 10), /did not join the ring in time/);
  });

  it('lets no caller be fooled by a listener that guesses the proof', async () => {
    const server = createServer((socket) => {
      const impostor = new Link(socket, 'the caller', ring.epoch);
      void impostor
        .receive('hello')
        .then(({ tag }) => impostor.send('challenge', tag, Buffer.alloc(16), Buffer.alloc(32)))
        .then(() => impostor.receive('proof'))
        .then(({ tag }) => impostor.send('welcome', tag))
        .catch(() => impostor.destroy());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await assert.rejects(callNeighbour(ring, address, ranks), /does not know the run's token/);
    server.close();
  });

  it('forms the ring although strangers knock', async () => {
    const [first, second] = [await door(), await door()];
    for (const { address } of [first, second]) {
      const stranger = connect(Number(address.split(':')[1]), '127.0.0.1');
      await once(stranger, 'connect');
      stranger.on('error', () => undefined).end('GET / HTTP/1.0\r\n\r\n');
    }
    const peers = [first, second].map(({ address }, rank) => ({ rank, address }));
    const joined = await Promise.all([joinRing(first, 0, peers), joinRing(second, 1, peers)]);
    const said = await Promise.all(joined.map((each) => each.allGatherNumbers([each.rank])));
    assert.deepEqual(said, [[[0], [1]], [[0], [1]]]); // prettier-ignore
    await Promise.all(joined.map((each) => each.close()));
  });

  it('takes no hello and no proof a second time', async () => {
    const listener = await door();
    const recorded: Buffer[] = [];
    const recorder = createServer((caller) => {
      const onward = connect(portOf(listener), '127.0.0.1');
      caller.on('data', (chunk: Buffer) => recorded.push(chunk)).pipe(onward);
      onward.on('error', () => undefined).pipe(caller.on('error', () => undefined));
    }).listen(0, '127.0.0.1');
    await once(recorder, 'listening');
    const address = `127.0.0.1:${(recorder.address() as AddressInfo).port}`;
    const genuine = await callNeighbour(ring, address, ranks);
    const first = await listener.accept(1);
    const replayed = connect(portOf(listener), '127.0.0.1').on('error', () => undefined);
    replayed.resume().write(Buffer.concat(recorded));
    await closed(replayed);
    assert.equal(await listener.accept(1), first);
    genuine.destroy();
    recorder.close();
  });

  it('lets no stranger stay that says nothing, or nothing but that it lives', async () => {
    const listener = await door(ring, { strangers: { patienceMs: 60, atOnce: 10 } });
    const silent = connect(portOf(listener), '127.0.0.1').on('error', () => undefined);
    const talkative = connect(portOf(listener), '127.0.0.1');
    const link = new Link(talkative, 'the door', ring.epoch, { aliveEveryMs: 5, silenceMs: 60_000 });
    await Promise.all([closed(silent.resume()), closed(talkative)]);
    link.destroy();
  });

  it('has room for a neighbour however many strangers hold on to its door', async () => {
    const listener = await door(ring, { strangers: { patienceMs: 60_000, atOnce: 3 } });
    let gone = 0;
    const crowd = Array.from({ length: 12 }, () =>
      connect(portOf(listener), '127.0.0.1')
        .on('error', () => undefined)
        .on('close', () => (gone += 1))
        .resume(),
    );
    await until(() => gone === 9);
    const caller = await callNeighbour(ring, listener.address, ranks);
    await listener.accept(1);
    caller.destroy();
    for (const stranger of crowd) stranger.destroy();
  });

  it('holds no large block for a stranger', async () => {
    const listener = await door();
    const socket = connect(portOf(listener), '127.0.0.1');
    const stranger = new Link(socket, 'the door', ring.epoch);
    void stranger.send('hello', 1, Buffer.alloc(5000));
    await assert.rejects(stranger.receive('challenge'), RingBrokenError);
    await turnedAway(listener, 1, /claims 5000 bytes/);
  });

  it('says which neighbour cannot be reached', async () => {
    const listener = await door();
    listener.close();
    await assert.rejects(callNeighbour(ring, listener.address, ranks), new RegExp(listener.address));
  });

  it('does not wait for one neighbour when the other cannot be reached, nor after the door is closed', async () => {
    const [here, gone] = [await door(), await door()];
    gone.close();
    const peers = [here, gone].map(({ address }, rank) => ({ rank, address }));
    await assert.rejects(joinRing(here, 0, peers), /cannot be reached/);
    const waiting = here.accept(1);
    here.close();
    await assert.rejects(waiting, /waits for its neighbours no longer/);
  });

  it('refuses peers that are not in the order of their ranks', async () => {
    const listener = await door();
    const peers = [1, 0].map((rank) => ({ rank, address: listener.address }));
    await assert.rejects(joinRing(listener, 0, peers), BadInputError);
  });

  it('says so when it cannot listen where it was told to', async () => {
    await assert.rejects(RingListener.open(ring, { host: '192.0.2.1' }), BadInputError);
  });
});
