import type { Config } from '../../config/config.ts';
import type { Home } from '../../lake/home.ts';
import { ringToken } from '../../lake/ring-token.ts';
import { tlsFolder } from '../../tls/folder.ts';
import { isLoopback, readRingTls } from '../../tls/host-files.ts';
import { SHARDS } from './door-identity.ts';
import type { ShardAddresses } from './servable.ts';

/** What is needed to ask shards at these addresses (`host:port` each), which share this home. */
export async function shardsElsewhere(
  home: Home,
  config: Pick<Config, 'slotHost' | 'tls' | 'home'>,
  addresses: readonly string[],
): Promise<ShardAddresses> {
  const { slotHost } = config;
  const tls = isLoopback(slotHost) ? undefined : await readRingTls(tlsFolder(config), slotHost);
  return { addresses, token: await ringToken(home, SHARDS), tls };
}
