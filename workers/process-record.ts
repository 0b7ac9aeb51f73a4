import { createServer, type Server } from 'node:http';
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { writeFileAtomic } from '../src/lake/atomic-write.ts';
import type { Home } from '../src/lake/home.ts';

export interface ProcessRecord {
  pid: number;
  name: string;
  startedAt: string;
  healthUrl: string;
}

/**
 * Says that a process is there: `<home>/run/<name>.json`, and an address on loopback that answers with its state.
 * `close` takes both away.
 */
export async function announceProcess(home: Home, name: string, state: () => object) {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify({ name, pid: process.pid, uptimeSeconds: process.uptime(), ...state() }));
  });
  await listen(server);
  const path = home.path('run', `${name}.json`);
  const record: ProcessRecord = {
    pid: process.pid,
    name,
    startedAt: new Date().toISOString(),
    healthUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`,
  };
  await writeFileAtomic(path, `${JSON.stringify(record)}\n`);
  return {
    record,
    async close(): Promise<void> {
      server.close();
      await rm(path, { force: true });
    },
  };
}

const listen = (server: Server) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve());
  });
