import type { ChannelSecrets } from '../../src/alerts/channel.ts';
import { Watchdog } from '../../src/alerts/watchdog.ts';
import { Home } from '../../src/lake/home.ts';
import { silentLogger } from '../../src/stages/context.ts';

// A watchdog as a process that can be killed: it looks once, as of the moment that it is given.

const [root = '', moment = ''] = process.argv.slice(2);
process.on('disconnect', () => process.exit(1));
const watchdog = new Watchdog({
  home: await Home.open(root),
  config: {} as ChannelSecrets,
  log: silentLogger,
  by: 'the killed one',
  signal: new AbortController().signal,
});
await watchdog.look(Number(moment));
