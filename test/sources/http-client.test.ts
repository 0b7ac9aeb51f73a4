import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, type Gzip } from 'node:zlib';
import { SourceFaultError } from '../../src/errors.ts';
import { get } from '../../src/sources/http-client.ts';
import { serving } from './support.ts';

const MEBIBYTE = Buffer.alloc(2 ** 20, ' ');
const signal = new AbortController().signal;

const asked = (url: string, secrets: string[] = []) =>
  get(new URL(url), { source: 'EIA', signal, secrets }).catch((error: unknown) => error as Error);

/** Sends blanks, through `packer` where there is one, until the other side hangs up or `most` MiB have gone out. */
async function pour(response: ServerResponse, most: number, packer?: Gzip): Promise<{ sent: number }> {
  const told = { sent: 0 };
  function* blanks() {
    for (; told.sent < most; told.sent++) yield MEBIBYTE;
  }
  const blank = Readable.from(blanks());
  await (packer ? pipeline(blank, packer, response) : pipeline(blank, response)).catch(() => {});
  return told;
}

describe('a reply that is larger than any answer', () => {
  it('is given up while it is unpacked, when it is a gzip bomb', async () => {
    let bytes = 0;
    await using server = await serving((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      const packer = createGzip({ level: 9 });
      packer.on('data', (piece: Buffer) => (bytes += piece.length));
      void pour(response, 300, packer);
    });
    const error = await asked(server.url);
    assert.ok(error instanceof SourceFaultError, String(error));
    assert.match(error.message, /EIA at 127\.0\.0\.1:\d+ sent a body of more than 32 MiB, beginning ""/);
    assert.ok(bytes < 2 ** 20, `the bomb has ${bytes} bytes`);
  });

  it('is given up, and its connection closed, when it has no end', async () => {
    const poured = Promise.withResolvers<{ sent: number }>();
    await using server = await serving((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      void pour(response, 1024).then(poured.resolve);
    });
    const error = await asked(server.url);
    assert.ok(error instanceof SourceFaultError, String(error));
    assert.match(error.message, /more than 32 MiB/);
    assert.ok((await poured.promise).sent < 1024, 'the server was hung up on');
  });

  it('does not hide behind a status', async () => {
    await using server = await serving((_request, response) => {
      response.writeHead(500);
      void pour(response, 64);
    });
    assert.match(((await asked(server.url)) as Error).message, /more than 32 MiB/);
  });
});

describe('a reply of usual size', () => {
  it('comes whole, unpacked, with its header and without the secret', async () => {
    await using server = await serving((_request, response) => {
      response.writeHead(404, { 'content-encoding': 'gzip', 'content-type': 'text/plain', 'x-a': 'b' });
      const packer = createGzip();
      packer.pipe(response);
      packer.write(MEBIBYTE);
      packer.end('the k3y');
    });
    const reply = await asked(server.url, ['k3y']);
    assert.ok(!(reply instanceof Error), String(reply));
    assert.equal(reply.status, 404);
    assert.equal(reply.contentType, 'text/plain');
    assert.equal(reply.header('x-a'), 'b');
    assert.equal(reply.body.length, MEBIBYTE.length + 'the REDACTED'.length);
    assert.ok(reply.body.toString().endsWith('the REDACTED'));
  });

  it('may be empty', async () => {
    await using server = await serving((_request, response) => response.writeHead(204).end());
    const reply = await asked(server.url);
    assert.ok(!(reply instanceof Error), String(reply));
    assert.deepEqual([reply.status, reply.body.length], [204, 0]);
  });
});
