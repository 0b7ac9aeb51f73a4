import { equal } from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { testAuthority } from '../../../tls/certificates.ts';
import { type Grpc, grpc } from './servers.ts';

describe('HTTP/2 over TLS', () => {
  let server: Grpc;
  beforeEach(async () => {
    const authority = await testAuthority();
    server = await grpc({}, {}, { tls: await authority.issue('127.0.0.1') });
  });

  /** The handshake begins once `shake` is called. */
  async function dialled() {
    const accepted = once(server.server, 'connection');
    const raw = connect(server.port, '127.0.0.1');
    await once(raw, 'connect');
    await accepted;
    const shake = (ALPNProtocols: string[]) => {
      const socket = connectTls({ socket: raw, rejectUnauthorized: false, ALPNProtocols });
      return socket.on('error', () => {}).resume();
    };
    return shake;
  }

  it('does not wait for a peer that came while the server left', async () => {
    const shake = await dialled();
    const closed = server.close();
    const socket = shake(['h2']);
    await once(socket, 'secureConnect');
    await closed;
    socket.destroy();
  });

  it('ends a peer that does not ask for it', async () => {
    const shake = await dialled();
    const socket = shake([]);
    await new Promise((resolve) => socket.once('close', resolve));
    equal(socket.alpnProtocol, false);
    await server.close();
  });

  it('outlives peers that leave in the middle of the handshake', async () => {
    for (const bytes of [0, 1, 5, 100]) {
      const raw = connect(server.port, '127.0.0.1').on('error', () => {});
      await once(raw, 'connect');
      // The beginning of a ClientHello of 200 bytes.
      raw.write(
        Buffer.from([22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, ...Array.from({ length: 100 }, () => 7)]).subarray(
          0,
          bytes,
        ),
      );
      raw.resetAndDestroy();
    }
    const socket = (await dialled())(['h2']);
    await once(socket, 'secureConnect');
    socket.destroy();
    await server.close();
  });
});
