import { deepEqual, equal } from 'node:assert/strict';
import { FLAG, FRAME, frame, windowUpdate } from '../../../../src/serving/grpc/http2/frames.ts';
import { headers, Peer, settings, uint32 } from './peer.ts';
import { answer, type Http2, http2Server } from './servers.ts';

const ENHANCE_YOUR_CALM = 11;
const MANY = 1500;
const reset = (id: number) => frame(FRAME.reset, 0, id, uint32(8));

describe('a peer that is a nuisance', () => {
  let server: Http2;
  before(async () => {
    server = await http2Server((stream) => {
      if (stream.headers[':path'] === '/now') answer(stream, Buffer.alloc(0));
    });
  });
  after(() => server[Symbol.asyncDispose]());

  /** With what it is left; undefined: it is not. */
  const left = async (...frames: Buffer[]) => {
    const peer = await Peer.connect(server.port);
    peer.send(...frames);
    const end = peer.left();
    const outcome = await Promise.race([end, peer.heard()]);
    peer.close();
    return outcome;
  };
  const many = (each: (id: number) => Buffer[]) =>
    left(...Array.from({ length: MANY }, (_, i) => each(2 * i + 1)).flat());

  it('is left when it asks and takes back (CVE-2023-44487)', async () => {
    equal(await many((id) => [headers(id), reset(id)]), ENHANCE_YOUR_CALM);
  });

  it('is left when it has its own streams reset (CVE-2025-8671)', async () => {
    equal(await many((id) => [headers(id), windowUpdate(id, 0)]), ENHANCE_YOUR_CALM);
  });

  it('is left when its frames hold nothing, or settings alone', async () => {
    equal(
      await many((id) => [...(id === 1 ? [headers(1)] : []), frame(FRAME.data, 0, 1)]),
      ENHANCE_YOUR_CALM,
    );
    equal(await many(() => [settings(4, 1000)]), ENHANCE_YOUR_CALM);
  });

  it('is left when its headers do not end (CVE-2024-27316)', async () => {
    const open = frame(FRAME.headers, 0, 1);
    const more = Array.from({ length: 9 }, () => frame(FRAME.continuation, 0, 1));
    equal(await left(open, ...more), ENHANCE_YOUR_CALM);
    deepEqual(await left(open, frame(FRAME.ping, 0, 0, Buffer.alloc(8))), 1);
  });

  it('is no peer that cancels what is answered, opens too many, or pings', async () => {
    const now = { ':path': '/now' };
    equal(await many((id) => [headers(id, now, FLAG.endStream), reset(id)]), undefined);
    equal(await many((id) => [headers(id)]), undefined);
    equal(await many(() => [frame(FRAME.ping, 0, 0, Buffer.alloc(8))]), undefined);
  });
});
