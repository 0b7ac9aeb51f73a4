import { equal, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { fastify, type FastifyInstance } from 'fastify';
import { boundPipelined } from '../../../src/serving/doors/pipelined.ts';
import { restDoor } from '../../../src/serving/rest/door.ts';
import { SmallService, smallGate, SMALL_LIMITS } from '../wire/small-service.ts';

const REQUEST = 'GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n';

describe('requests that are sent ahead of answers', () => {
  let door: FastifyInstance;

  afterEach(() => door.close());

  const send = async (count: number) => {
    await door.listen({ host: '127.0.0.1', port: 0 });
    const socket = connect((door.server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(REQUEST.repeat(count));
    return socket;
  };

  it('end the connection where they are too many', async () => {
    const parts = { service: new SmallService(), gate: smallGate(false), limits: SMALL_LIMITS };
    door = restDoor({ ...parts, log: { error() {} } });
    const socket = await send(1000);
    let said = '';
    socket.on('data', (bytes: Buffer) => (said += bytes.toString()));
    await once(socket, 'close');
    ok(said.split('HTTP/1.1 200').length < 1000);
  });

  it('are answered one after the other where they are few', async () => {
    door = fastify({ logger: false });
    boundPipelined(door, 3);
    door.get('/v1/models', async () => 'models');
    const socket = await send(3);
    let said = '';
    while (said.split('HTTP/1.1 200').length < 4)
      said += ((await once(socket, 'data')) as [Buffer])[0].toString();
    socket.write(REQUEST);
    const [more] = (await once(socket, 'data')) as [Buffer];
    equal(more.toString().startsWith('HTTP/1.1 200'), true);
    socket.destroy();
  });
});
