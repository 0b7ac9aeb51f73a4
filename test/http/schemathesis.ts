/**
 * Sends schemathesis (PyPI) to the door, with all its checks: `SCHEMATHESIS=…/bin/schemathesis mocha
 * test/http/schemathesis.ts`. No part of the tests that `npm test` runs: it is a program of another language, and takes
 * minutes. Behind the door stand real files, a Temporal server with workers, and a small service.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createApiKey } from '../../src/access/key-file.ts';
import { openGate } from '../../src/access/gate.ts';
import { accessOptions } from '../../src/access/options.ts';
import { httpDoor } from '../../src/http/server.ts';
import { Forecasts } from '../../src/serving/forecasts/forecasts.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';
import { stageRunner } from '../../src/stages/runner.ts';
import { LastingConnection } from '../../src/temporal/lasting-connection.ts';
import { withHome } from '../backtest/sample-home.ts';
import { temporal, withWorkers } from '../support/temporal.ts';
import { forecastHome } from './forecast-home.ts';
import { SampleService } from './sample-service.ts';

const PROGRAM = process.env['SCHEMATHESIS'] ?? 'schemathesis';
const SETTINGS = fileURLToPath(new URL('schemathesis.toml', import.meta.url));
const EXAMPLES = process.env['SCHEMATHESIS_EXAMPLES'] ?? '50';

async function run(url: string, ...more: string[]): Promise<number | null> {
  const words = ['--config-file', SETTINGS, 'run', '--checks', 'all', '--max-examples', EXAMPLES, ...more];
  const child = spawn(PROGRAM, [...words, `${url}/openapi.json`], { stdio: 'inherit' });
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}

async function withDoor<T>(context: StageContext, act: (url: string) => Promise<T>): Promise<T> {
  const { home } = context;
  const { address, namespace = 'default' } = await temporal();
  const place = { temporalAddress: address, temporalNamespace: namespace };
  const lasting = new LastingConnection(() => place);
  const config = { ...context.config, home: home.root };
  const forecasts = new Forecasts({ config, log: silentLogger });
  const access = accessOptions.parse({
    requestsPerMinute: 1_000_000,
    burst: 1_000_000,
    failuresPerMinute: 1_000_000,
  });
  const door = httpDoor({
    ...{ home, temporal: lasting, forecasts, service: new SampleService() },
    log: {
      ...silentLogger,
      error: (fields, message) => console.error(message, JSON.stringify(fields)),
    },
    gate: await openGate(home, access, silentLogger),
    metricsText: async () => '# no metrics\n',
  });
  try {
    return await withWorkers(stageRunner({ ...context, config }), async () =>
      act(await door.listen({ host: '127.0.0.1', port: 0 })),
    );
  } finally {
    await door.close();
    await forecasts.close();
    await lasting.close();
  }
}

describe('the door and its OpenAPI', function () {
  this.timeout(3_600_000);

  it('agree, where nobody is asked who they are', () =>
    withHome(async (context) => {
      await forecastHome(context);
      assert.equal(await withDoor(context, (url) => run(url)), 0);
    }));

  it('agree, where callers must have keys', () =>
    withHome(async (context) => {
      await forecastHome(context);
      const by = { by: 'test', reason: '' };
      const { key } = await createApiKey(context.home, { name: 'ada', role: 'admin' }, by);
      assert.equal(await withDoor(context, (url) => run(url, '--header', `x-api-key: ${key}`)), 0);
    }));
});
