/**
 * Sends h2spec (github.com/summerwind/h2spec) to our HTTP/2: `H2SPEC=…/h2spec mocha test/serving/grpc/h2spec.ts`. No part
 * of the tests that `npm test` runs: it is a program of another language.
 */
import { equal } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { answer, http2Server, whenWhole } from './http2/servers.ts';

const PROGRAM = process.env['H2SPEC'] ?? 'h2spec';

describe('our HTTP/2', function () {
  this.timeout(600_000);

  it('is that of the RFCs, down to what is merely recommended', async () => {
    await using server = await http2Server((stream) =>
      whenWhole(stream, () => answer(stream, Buffer.from('hello'))),
    );
    const child = spawn(PROGRAM, ['--strict', '--port', String(server.port)], { stdio: 'inherit' });
    const [code] = (await once(child, 'close')) as [number | null];
    equal(code, 0);
  });
});
