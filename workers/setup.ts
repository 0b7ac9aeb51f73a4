import { NativeConnection } from '@temporalio/worker';
import { loadConfig, type Config } from '../src/config/config.ts';
import { Home } from '../src/lake/home.ts';
import type { Logger } from '../src/stages/context.ts';
import { connectionOptions, unreachable } from '../src/temporal/connection.ts';
import { processLogger } from './process-logger.ts';
import { installTelemetry } from './telemetry.ts';

export interface WorkerSetup {
  config: Config;
  home: Home;
  log: Logger;
  connection: NativeConnection;
}

/** What every worker process begins with. */
export async function setUp(name: string): Promise<WorkerSetup> {
  const config = loadConfig();
  const log = processLogger(name, config.logLevel);
  installTelemetry(log, config.logLevel);
  const home = await Home.open(config.home);
  const options = connectionOptions(config);
  const connection = await NativeConnection.connect(options).catch((error: unknown) => {
    throw unreachable(options.address, error);
  });
  return { config, home, log, connection };
}
