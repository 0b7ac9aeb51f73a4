import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pods } from './manifests.ts';

/** The probe reads the record that a slot leaves, as workers/process-record.ts writes it. */
describe('the probe of a slot', () => {
  let home: string;
  let server: Server;
  let status = 200;

  before(async () => {
    home = mkdtempSync(join(tmpdir(), 'ringwatt-probe-'));
    mkdirSync(join(home, 'run'));
    server = createServer((_, response) => response.writeHead(status).end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(home, { recursive: true });
  });

  const [node, ...command] = pods.find(({ name }) => name === 'ring-slot')!.spec.containers[0]!
    .readinessProbe!.exec!.command;
  const probe = async () => {
    const env = { RINGWATT_HOME: home, SLOT_NUMBER: '3' };
    const child = execFile(process.execPath, command, { env });
    const [code] = (await once(child, 'exit')) as [number];
    return code;
  };

  it('fails before the slot is there, holds while it answers, and fails when it is ill', async () => {
    assert.equal(node, 'node');
    assert.notEqual(await probe(), 0);
    const { port } = server.address() as AddressInfo;
    const record = { healthUrl: `http://127.0.0.1:${port}/health` };
    writeFileSync(join(home, 'run', 'slot-3.json'), JSON.stringify(record));
    assert.equal(await probe(), 0);
    status = 500;
    assert.notEqual(await probe(), 0);
  });
});
