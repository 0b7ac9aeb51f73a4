import { equal, match } from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { Receiving } from '../../../src/serving/doors/receiving.ts';
import { restDoor } from '../../../src/serving/rest/door.ts';
import { SmallService, smallGate, SMALL_LIMITS } from '../wire/small-service.ts';

const MOST = 1000;

describe('what a process receives at once', () => {
  let door: FastifyInstance;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    door = restDoor({
      ...{ service: new SmallService(), gate: smallGate(false), limits: SMALL_LIMITS },
      ...{ log: { error() {} }, receiving: new Receiving(MOST) },
    });
    await door.listen({ host: '127.0.0.1', port: 0 });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await door.close();
  });

  const sending = (header: string, body: string | Buffer) => {
    const socket = connect((door.server.address() as AddressInfo).port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => {});
    socket.write(`POST /v1/models/double:predict HTTP/1.1\r\nhost: localhost\r\n${header}\r\n\r\n`);
    socket.write(body);
    return socket;
  };
  const answerTo = async (length: number) => {
    const [bytes] = (await once(sending(`content-length: ${length}`, ' '.repeat(length)), 'data')) as [
      Buffer,
    ];
    return bytes.toString();
  };

  it('is bounded over all connections: one more is refused before it is read, until there is room', async () => {
    const arrived = once(door.server, 'request');
    const slow = sending(`content-length: ${MOST - 100}`, 'x');
    await arrived;
    match(await answerTo(200), /^HTTP\/1\.1 429 [^]*retry-after: 1/i);
    match(await answerTo(100), /^HTTP\/1\.1 400 /);
    slow.destroy();
    let answer = await answerTo(200);
    // Whoever left is noticed in a turn of the loop.
    while (answer.startsWith('HTTP/1.1 429')) answer = await answerTo(200);
    match(answer, /^HTTP\/1\.1 400 /);
  });

  it('counts what a packed body unpacks to', async () => {
    const answerToPacked = async (length: number) => {
      const packed = gzipSync(' '.repeat(length));
      const header = `content-encoding: gzip\r\ncontent-length: ${packed.length}`;
      const [bytes] = (await once(sending(header, packed), 'data')) as [Buffer];
      return bytes.toString();
    };
    match(await answerToPacked(MOST), /^HTTP\/1\.1 429 [^]*retry-after: 1/i);
    // All of it is let go of again, refused or answered.
    for (let i = 0; i < 5; i++) match(await answerToPacked(MOST - 200), /^HTTP\/1\.1 400 /);
    match(await answerTo(MOST), /^HTTP\/1\.1 400 /);
  });

  it('is cut off where it does not say how much it will be', async () => {
    const arrived = once(door.server, 'request');
    sending(`content-length: ${MOST - 100}`, 'x');
    await arrived;
    const piece = '64\r\n' + ' '.repeat(100) + '\r\n';
    const endless = sending('transfer-encoding: chunked', piece + piece);
    let said = '';
    endless.on('data', (bytes: Buffer) => (said += bytes.toString()));
    await once(endless, 'close');
    equal(said, '');
  });
});
