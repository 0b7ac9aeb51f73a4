import { parseArgs } from 'node:util';
import { loadConfig } from '../src/config/config.ts';
import { BadInputError } from '../src/errors.ts';
import { Home } from '../src/lake/home.ts';
import { openShardDoor } from '../src/serving/sharded/shard-door.ts';
import { SHARDS } from '../src/serving/sharded/door-identity.ts';
import { tlsFolder } from '../src/tls/folder.ts';
import { isLoopback, readRingTls } from '../src/tls/host-files.ts';
import { processMetrics } from './process-metrics.ts';
import { announceProcess } from './process-record.ts';
import { ringToken } from '../src/lake/ring-token.ts';
import { main } from './run-workers.ts';

/** So that those who serve know it beforehand; 0: any, said when it is ready. */
const PORT = 8700;

/**
 * A shard for models that are served from another host, at an address known beforehand. It is given its weights by who
 * serves them, and shares a home with it for the token that both know.
 */
main(async () => {
  const port = portOption();
  const config = loadConfig();
  const name = `serving-shard-${port}`;
  const home = await Home.open(config.home);
  const host = config.slotHost;
  const tls = isLoopback(host) ? undefined : await readRingTls(tlsFolder(config), host);
  const door = await openShardDoor(await ringToken(home, SHARDS), { host, port, tls });
  const record = await announceProcess(home, {
    name,
    state: () => ({ address: door.address }),
    metrics: processMetrics(name),
    host: config.healthHost,
  });
  const { address } = door;
  process.stdout.write(`${JSON.stringify({ msg: 'ready', ready: true, name, pid: process.pid, address })}\n`);
  await new Promise<void>((resolve) => process.once('SIGTERM', resolve).once('SIGINT', resolve));
  door.close();
  await record.close();
});

function portOption(): number {
  const { values } = parseArgs({ options: { port: { type: 'string', default: String(PORT) } } });
  const port = Number(values.port);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new BadInputError(`--port ${values.port} is not a port.`, 'Give a number from 0 to 65535.');
}
