import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { RingBrokenError } from '../../src/errors.ts';
import { encodeHeader } from '../../src/ring/frames.ts';
import { Link } from '../../src/ring/transport.ts';
import { until } from '../support/until.ts';

const QUICK = { aliveEveryMs: 20, silenceMs: 150 };

describe('a link of the ring', () => {
  const open: { destroy(): void }[] = [];

  async function pair(): Promise<[Socket, Socket]> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [far] = (await once(server, 'connection')) as [Socket];
    server.close();
    // A link that breaks resets its connection; what is left to tell of that is told to the link.
    for (const socket of [near, far]) socket.on('error', () => undefined);
    open.push(near, far);
    return [near, far];
  }

  const linkOf = (socket: Socket, epoch = 1, timing = { aliveEveryMs: 1000, silenceMs: 5000 }) => {
    const link = new Link(socket, 'rank 1', epoch, timing);
    link.trust('rank 1');
    open.push(link);
    return link;
  };

  afterEach(() => open.splice(0).forEach((each) => each.destroy()));

  it('delivers frames in order', async () => {
    const [a, b] = await pair();
    const [sender, receiver] = [linkOf(a), linkOf(b)];
    for (let i = 0; i < 20; i++) void sender.send('gather', i, Float64Array.from([i / 3]));
    for (let i = 0; i < 20; i++) {
      const { payload } = await receiver.receive('gather', i);
      assert.equal(new Float64Array(payload.buffer)[0], i / 3);
    }
  });

  it('refuses a frame of an older epoch, and is closed by it', async () => {
    const [a, b] = await pair();
    const [old, current] = [linkOf(a, 1), linkOf(b, 2)];
    await old.send('gather', 0, new Uint8Array(4));
    await assert.rejects(current.receive('gather'), (error: Error) => {
      assert.ok(error instanceof RingBrokenError);
      return error.message.endsWith('it is of epoch 1, the ring of epoch 2.');
    });
    await once(a, 'close');
    await assert.rejects(old.receive('gather'), RingBrokenError);
  });

  it('is broken for good by bytes that are no frame', async () => {
    const [a, b] = await pair();
    const link = linkOf(b);
    a.write('GET / HTTP/1.1\r\nHost: slot\r\n\r\n');
    await assert.rejects(link.receive('gather'), /malformed: it does not begin as a frame does/);
    await assert.rejects(link.send('gather', 0), RingBrokenError);
  });

  it('tells whoever waits that the neighbour has gone', async () => {
    const [a, b] = await pair();
    const link = linkOf(b);
    const waiting = link.receive('keyValues');
    a.destroy();
    await assert.rejects(waiting, (error) => error instanceof RingBrokenError && error.retryable);
    assert.throws(() => link.check(), RingBrokenError);
  });

  it('takes a neighbour for lost that keeps its connection but says nothing', async () => {
    const [, b] = await pair();
    await assert.rejects(linkOf(b, 1, QUICK).receive('gather'), /silent for 0\.1/);
  });

  it('lives as long as its neighbour says it is alive', async () => {
    const [a, b] = await pair();
    const [near, far] = [linkOf(a, 1, QUICK), linkOf(b, 1, QUICK)];
    const waiting = far.receive('gather');
    await new Promise((resolve) => setTimeout(resolve, 3 * QUICK.silenceMs));
    await near.send('gather', 0);
    assert.equal((await waiting).type, 'gather');
  });

  it('does not take more from a sender than its neighbour reads', async () => {
    const [a, b] = await pair();
    const sender = linkOf(a);
    b.pause();
    let sent = false;
    const sending = sender.send('keyValues', 0, new Uint8Array(64 << 20)).then(() => (sent = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(sent, false);
    b.on('data', () => undefined);
    b.resume();
    await sending;
  });

  it('says that a send is done when its memory may be written to again, not before', async () => {
    const [a, b] = await pair();
    const [sender, receiver] = [linkOf(a), linkOf(b)];
    const values = new Float32Array(4 << 20).fill(1);
    await sender.send('gather', 0, values);
    values.fill(2);
    const { payload } = await receiver.receive('gather');
    assert.ok(new Float32Array(payload.buffer).every((value) => value === 1));
  });

  it('gives frames to those who asked ahead, in the order they asked', async () => {
    const [a, b] = await pair();
    const [sender, receiver] = [linkOf(a), linkOf(b)];
    const ahead = [0, 1, 2].map((tag) => receiver.receive('gather', tag));
    for (let tag = 0; tag < 5; tag++) void sender.send('gather', tag);
    const tags = [...(await Promise.all(ahead)), await receiver.receive('gather', 3)].map(({ tag }) => tag);
    assert.deepEqual(tags, [0, 1, 2, 3]);
    assert.equal((await receiver.receive('gather', 4)).tag, 4);
  });

  for (const [what, count, bytes, most] of [
    ['large', 10, 8 << 20, (32 << 20) + (1 << 20)],
    ['small', 4000, 1 << 10, 64 << 10],
  ] as const) {
    it(`reads ${what} frames ahead of its program only up to a bound, and loses none of them`, async () => {
      const [a, b] = await pair();
      const [sender, receiver] = [linkOf(a), linkOf(b)];
      const payload = new Uint8Array(bytes);
      const sending = Array.from({ length: count }, (_, tag) => sender.send('gather', tag, payload));
      await until(() => b.isPaused());
      await new Promise((resolve) => setTimeout(resolve, 30));
      assert.ok(receiver.traffic.bytesReceived <= most, `${receiver.traffic.bytesReceived} bytes read ahead`);
      for (let tag = 0; tag < count; tag++) {
        assert.equal((await receiver.receive('gather', tag)).payload.byteLength, bytes);
      }
      await Promise.all(sending);
    });
  }

  /** A link that has more frames waiting than it reads ahead, and the other end of its connection. */
  async function paused(timing = QUICK): Promise<{ link: Link; far: Socket }> {
    const [a, b] = await pair();
    const link = linkOf(b, 1, timing);
    for (let sequence = 0; sequence < 20; sequence++) {
      a.write(encodeHeader({ type: 'gather', epoch: 1, sequence, tag: sequence }, []));
    }
    await until(() => b.isPaused());
    return { link, far: a };
  }

  it('does not take its own not reading for silence', async () => {
    const { link } = await paused();
    await new Promise((resolve) => setTimeout(resolve, 2 * QUICK.silenceMs));
    link.check();
    for (let tag = 0; tag < 20; tag++) await link.receive('gather', tag);
  });

  it('notices a neighbour that dies while it does not read from it', async () => {
    const { link, far } = await paused();
    far.resetAndDestroy();
    await until(() => {
      try {
        link.check();
        return false;
      } catch (error) {
        return error instanceof RingBrokenError;
      }
    });
  });

  it('notices a neighbour that fell silent while it did not read, once it reads again', async () => {
    const { link } = await paused();
    for (let tag = 0; tag < 20; tag++) await link.receive('gather', tag);
    await assert.rejects(link.receive('gather'), /silent/);
  });

  it('is not kept waiting by heartbeats for the rest of a payload that was lost on the way', async () => {
    const [a, b] = await pair();
    const link = linkOf(b, 1, QUICK);
    const payload = new Uint8Array(1 << 20);
    a.write(encodeHeader({ type: 'gather', epoch: 1, sequence: 0, tag: 0 }, [payload]));
    a.write(payload.subarray(0, 1000));
    let sequence = 1;
    const beating = setInterval(
      () => a.write(encodeHeader({ type: 'alive', epoch: 1, sequence: sequence++, tag: 0 }, [])),
      QUICK.aliveEveryMs,
    );
    await assert.rejects(link.receive('gather'), /silent/).finally(() => clearInterval(beating));
  });

  it('notices by the next heartbeat that a frame was lost on the way', async () => {
    const [a, b] = await pair();
    const link = linkOf(b);
    a.write(encodeHeader({ type: 'alive', epoch: 1, sequence: 0, tag: 0 }, []));
    a.write(encodeHeader({ type: 'alive', epoch: 1, sequence: 2, tag: 0 }, []));
    await assert.rejects(link.receive('gather'), /number 2 where 1 was due/);
  });

  it('breaks when the neighbour is at another point of the program', async () => {
    const [a, b] = await pair();
    const [sender, receiver] = [linkOf(a), linkOf(b)];
    await sender.send('gather', 7);
    await assert.rejects(receiver.receive('gather', 8), /sent gather 7 where gather 8 was due/);
  });

  it('does not count a goodbye as a failure', async () => {
    const [a, b] = await pair();
    const [leaving, staying] = [linkOf(a), linkOf(b)];
    await leaving.send('gather', 1);
    await leaving.close();
    assert.equal((await staying.receive('gather', 1)).tag, 1);
    await once(b, 'close');
    staying.check();
    await assert.rejects(staying.receive('gather'), /has left the ring/);
  });
});
