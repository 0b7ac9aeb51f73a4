import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import type { ServeOptions } from './options.ts';

type Ports = ServeOptions['ports'];

/** Free ports in place of 0: where all processes end at once, those that follow are where callers look for them. */
export async function fixedPorts(ports: Ports, host: string): Promise<Ports> {
  const held: Server[] = [];
  const fixed: Ports = {};
  try {
    for (const door of ['http', 'rest', 'grpc'] as const) {
      fixed[door] = ports[door];
      if (ports[door] !== 0) continue;
      const server = createServer().listen(0, host);
      await once(server, 'listening');
      held.push(server);
      fixed[door] = (server.address() as AddressInfo).port;
    }
    return fixed;
  } finally {
    // Held until all are found: no two doors get the same.
    await Promise.all(held.map((server) => server[Symbol.asyncDispose]()));
  }
}
