import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { type ChannelCredentials, Client, credentials, Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { openTls } from '../../src/access/tls.ts';
import type { Credentials, Gate } from '../../src/serving/gate.ts';
import { PROTOS } from '../../src/serving/grpc/definitions.ts';
import { grpcDoor } from '../../src/serving/grpc/door.ts';
import { SMALL_LIMITS, SmallService } from '../serving/wire/small-service.ts';
import { testAuthority } from '../tls/certificates.ts';
import { keptLog } from './sample.ts';
import { filesOf, NEVER_BY_ITSELF, type Pem, protocolWith, shown, versionWith } from './tls-sample.ts';

interface Method {
  path: string;
  requestSerialize(message: object): Buffer;
  responseDeserialize(bytes: Buffer): { model_version_status: object[] };
}
const { GetModelStatus } = loadSync('serving.proto', { includeDirs: [PROTOS], keepCase: true })[
  'tensorflow.serving.ModelService'
] as unknown as { GetModelStatus: Method };

/** What the library's client says of a connection that cannot be made. */
const UNAVAILABLE = { code: 14 };

describe('TLS before the gRPC door', () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  async function open(files: Parameters<typeof openTls>[0]) {
    const { lines, log } = keptLog();
    const tls = await openTls(files, log, NEVER_BY_ITSELF);
    const seen: Credentials[] = [];
    const gate: Gate = {
      async admit(brought) {
        seen.push(brought);
        return { name: 'any', role: 'viewer', identity: 'claimed' };
      },
    };
    const parts = { service: new SmallService(), gate, limits: SMALL_LIMITS, log };
    const door = grpcDoor({ ...parts, tls: tls.httpsOptions() });
    const port = await door.listen(0, '127.0.0.1');
    tls.follow(door.server as Server);
    let sessions = 0;
    door.server.on('secureConnection', ({ alpnProtocol }: TLSSocket) => {
      if (alpnProtocol === 'h2') sessions += 1;
    });
    closing.push(() => door.close(), () => tls[Symbol.asyncDispose]()); // prettier-ignore
    return { tls, port, seen, lines, sessions: () => sessions, clientOf: (with_: ChannelCredentials) => clientOf(port, with_) }; // prettier-ignore
  }

  /** Asks for the versions of a model; its connection stays until the test is over. */
  function clientOf(port: number, channel: ChannelCredentials) {
    const client = new Client(`127.0.0.1:${port}`, channel);
    closing.unshift(() => client.close());
    const { path, requestSerialize, responseDeserialize } = GetModelStatus;
    return async (metadata = new Metadata()): Promise<number> => {
      const answer = await new Promise<ReturnType<Method['responseDeserialize']>>((resolve, reject) => {
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { model_spec: { name: 'double' } }, metadata, { deadline: Date.now() + 20_000 }, (error, value) => (error ? reject(error) : resolve(value!))); // prettier-ignore
      });
      return answer.model_version_status.length;
    };
  }

  const trusting = (ca: string, own?: Pem) =>
    credentials.createSsl(
      Buffer.from(ca),
      own ? Buffer.from(own.key) : null,
      own ? Buffer.from(own.cert) : null,
    );

  it('is 1.3 with who can, 1.2 at least, nothing below, and HTTP/2 alone', async () => {
    const { ca, issue } = await testAuthority();
    const { port } = await open(await filesOf(await issue('127.0.0.1')));
    assert.equal(await versionWith(port, ca, 'TLSv1.3'), 'TLSv1.3');
    assert.equal(await versionWith(port, ca, 'TLSv1.2'), 'TLSv1.2');
    await assert.rejects(versionWith(port, ca, 'TLSv1.1'), { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
    assert.equal(await protocolWith(port, ca, 'h2', 'http/1.1'), 'h2');
    await assert.rejects(protocolWith(port, ca, 'http/1.1'), {
      code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    });
  });

  it('shows its certificate, answers who trusts it, and nobody who does not speak TLS', async () => {
    const [authority, stranger] = [await testAuthority(), await testAuthority()];
    const { port, seen, clientOf } = await open(await filesOf(await authority.issue('127.0.0.1')));
    await assert.rejects(clientOf(trusting(stranger.ca))(), UNAVAILABLE);
    await assert.rejects(clientOf(credentials.createInsecure())(), UNAVAILABLE);
    const plain = connect(port, '127.0.0.1').resume();
    plain.on('error', () => {});
    plain.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    await once(plain, 'close');
    assert.deepEqual(seen, []);
    assert.equal(await clientOf(trusting(authority.ca))(), 3);
  });

  it('tells the gate the name in a client certificate of our authority, and lets nobody else connect', async () => {
    const [authority, stranger] = [await testAuthority(), await testAuthority()];
    const { seen, clientOf } = await open(await filesOf(await authority.issue('127.0.0.1'), authority.ca));
    const metadata = new Metadata();
    metadata.set('x-api-key', 'rw_some');
    metadata.set('authorization', 'Bearer token');
    const desk = await authority.issue('energy-desk');
    assert.equal(await clientOf(trusting(authority.ca, desk))(metadata), 3);
    const brought = {
      certificate: 'energy-desk',
      apiKey: 'rw_some',
      authorization: 'Bearer token',
      address: '127.0.0.1',
    };
    assert.deepEqual(seen, [brought]);
    const foreign = await stranger.issue('energy-desk');
    await assert.rejects(clientOf(trusting(authority.ca))(), UNAVAILABLE);
    await assert.rejects(clientOf(trusting(authority.ca, foreign))(), UNAVAILABLE);
    assert.deepEqual(seen, [brought]);
  });

  it('asks for no certificate where none is wanted, and then takes no name from one', async () => {
    const { ca, issue } = await testAuthority();
    const { seen, clientOf } = await open(await filesOf(await issue('127.0.0.1')));
    assert.equal(await clientOf(trusting(ca, await issue('energy-desk')))(), 3);
    assert.deepEqual(seen, [
      { certificate: undefined, apiKey: undefined, authorization: undefined, address: '127.0.0.1' },
    ]);
  });

  it('shows a renewed certificate to whoever connects next, and goes on with who is connected', async () => {
    const { ca, issue } = await testAuthority();
    const files = await filesOf(await issue('127.0.0.1'));
    const { tls, port, lines, sessions, clientOf } = await open(files);
    const early = clientOf(trusting(ca));
    await early();
    const before = await shown(port, { ca });
    const renewed = await issue('127.0.0.1');
    await writeFile(files.cert, renewed.cert);
    await tls.check();
    assert.equal(await shown(port, { ca }), before);
    assert.match(lines.join(), /is not that of the certificate/);
    await writeFile(files.key, renewed.key);
    await tls.check();
    assert.notEqual(await shown(port, { ca }), before);
    assert.equal(sessions(), 1);
    await early();
    assert.equal(sessions(), 1, 'the connection from before was cut off');
    await clientOf(trusting(ca))();
    assert.equal(sessions(), 2);
  });

  it('lets in by a renewed list of authorities', async () => {
    const [before, after] = [await testAuthority(), await testAuthority()];
    const files = await filesOf(await before.issue('127.0.0.1'), before.ca);
    const { tls, seen, clientOf } = await open(files);
    const later = trusting(before.ca, await after.issue('later'));
    await assert.rejects(clientOf(later)(), UNAVAILABLE);
    await writeFile(files.clientCa!, after.ca);
    await tls.check();
    const earlier = trusting(before.ca, await before.issue('earlier'));
    await assert.rejects(clientOf(earlier)(), UNAVAILABLE);
    assert.equal(await clientOf(trusting(before.ca, await after.issue('later')))(), 3);
    assert.deepEqual(
      seen.map(({ certificate }) => certificate),
      ['later'],
    );
  });
});
