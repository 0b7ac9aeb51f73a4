import { createServer, type RequestListener, type Server } from 'node:http';
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { BadInputError, messageOf } from '../src/errors.ts';
import { writeFileAtomic } from '../src/lake/atomic-write.ts';
import type { Home } from '../src/lake/home.ts';

export interface ProcessRecord {
  pid: number;
  name: string;
  startedAt: string;
  healthUrl: string;
}

export interface Announcement {
  name: string;
  /** What /health says besides name, pid and age. */
  state: () => object;
  metrics: Registry;
  /** The address to answer at. */
  host: string;
}

/**
 * Says that a process is there: `<home>/run/<name>.json`, and an address that answers /health with its state and
 * /metrics in Prometheus' text format. `<home>/run/<name>.targets.json` tells Prometheus of it
 * (`file_sd_configs`). `close` takes all of it away.
 */
export async function announceProcess(home: Home, { name, state, metrics, host }: Announcement) {
  const server = createServer(answering(name, state, metrics));
  await listen(server, host);
  const address = `${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
  const record: ProcessRecord = {
    pid: process.pid,
    name,
    startedAt: new Date().toISOString(),
    healthUrl: `http://${address}/health`,
  };
  const targets = [{ targets: [address], labels: { job: 'ringwatt' } }];
  const files: [string, unknown][] = [
    [home.path('run', `${name}.json`), record],
    [home.path('run', `${name}.targets.json`), targets],
  ];
  for (const [path, content] of files) await writeFileAtomic(path, `${JSON.stringify(content)}\n`);
  return {
    record,
    async close(): Promise<void> {
      server.close();
      for (const [path] of files) await rm(path, { force: true });
    },
  };
}

const answering = (name: string, state: () => object, metrics: Registry): RequestListener => {
  const health = () => ({ name, pid: process.pid, uptimeSeconds: process.uptime(), ...state() });
  return (request, response) => {
    const answer = (status: number, type: string, text: string) =>
      response.writeHead(status, { 'content-type': type, connection: 'close' }).end(text);
    // Whoever reaches this address may ask for what is no URL; that must not end the process.
    const pathname = URL.parse(request.url ?? '/', 'http://process')?.pathname;
    if (pathname === '/metrics') {
      metrics.metrics().then(
        (text) => answer(200, metrics.contentType, text),
        (error: unknown) => answer(500, 'text/plain', `${messageOf(error)}\n`),
      );
    } else if (pathname === '/health') answer(200, 'application/json', JSON.stringify(health()));
    else answer(404, 'text/plain', 'Ask for /health or /metrics.\n');
  };
};

const listen = (server: Server, host: string) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new BadInputError(
          `Health and metrics cannot be served at ${host} (${error.message}).`,
          'Set RINGWATT_HEALTH_HOST to an address of this host, or leave it out.',
        ),
      ),
    );
    server.listen(0, host, () => resolve());
  });
