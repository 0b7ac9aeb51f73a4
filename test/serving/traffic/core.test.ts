import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { accessOptions } from '../../../src/access/options.ts';
import { evaluationOf } from '../../../src/ab-test/journal.ts';
import { requestName, routeRequest } from '../../../src/ab-test/route.ts';
import { loadConfig } from '../../../src/config/config.ts';
import { readNetwork } from '../../../src/export/read-network.ts';
import type { Home } from '../../../src/lake/home.ts';
import { startShadow } from '../../../src/registry/shadow.ts';
import { DEFAULT_BATCHING } from '../../../src/serving/batching/options.ts';
import { DEFAULT_LIMITS } from '../../../src/serving/gate.ts';
import type { ServeOptions } from '../../../src/serving/process/options.ts';
import { openCore, type Core, type CoreParts } from '../../../src/serving/process/core.ts';
import { DEFAULT_SIGNATURE } from '../../../src/serving/signature.ts';
import type { TensorMap } from '../../../src/serving/tensor.ts';
import { readSummary } from '../../../src/serving/traffic/shadow/file.ts';
import { silentLogger } from '../../../src/stages/context.ts';
import { until } from '../../support/until.ts';
import { homeWithNetwork } from '../home-with-network.ts';
import { inputsOf, plainInputs } from '../sharded/asked.ts';
import { AT, NAME, crown, startWinter } from './traffic-home.ts';

const USERS = Array.from({ length: 12 }, (_, i) => `user-${i}`);

describe('traffic of served models', function () {
  let home: Home;
  let inputs: TensorMap;

  before(async () => {
    home = await homeWithNetwork(NAME, ['2019-03-30', '2019-03-31']);
    inputs = inputsOf({ inputs: plainInputs(await readNetwork(home, NAME, 1)) });
  });
  after(() => rm(home.root, { recursive: true, force: true }));

  const withCore = async (
    act: (core: Core) => Promise<void>,
    trafficObserver: CoreParts['trafficObserver'] = {},
  ) => {
    const options: ServeOptions = {
      ...{ config: loadConfig({}, { environment: {} }), ports: {}, models: 'registry' },
      ...{ sharding: { hosts: [] }, batching: DEFAULT_BATCHING, maxBatchSize: 32, limits: DEFAULT_LIMITS },
      ...{ access: accessOptions.parse({}), cacheBytes: 0, metrics: false, logLevel: 'error' },
    };
    const reload = () => assert.fail('nobody asks for it');
    await using core = await openCore({
      ...{
        home,
        options,
        log: silentLogger,
        observer: {},
        trafficObserver,
        reload,
        nudge: async () => undefined,
      },
    });
    await act(core);
  };
  const ask = ({ service }: Core, requestId: string, user?: string) =>
    service.predict(
      { spec: { name: NAME }, signature: DEFAULT_SIGNATURE, inputs },
      { requestId, user, door: 'http', caller: { name: 'ada', role: 'viewer', identity: 'claimed' } },
    );

  it('shows the champion’s requests to a shadow, and keeps what it compared', async () => {
    await crown(home, 1, 1);
    await startShadow(home, NAME, { version: 2, share: 1, by: 'ada', reason: '' }, AT);
    let compared = 0;
    await withCore(
      async (core) => {
        for (const user of USERS.slice(0, 3)) assert.equal((await ask(core, user)).version, 1);
        await until(() => compared === 3);
      },
      { shadowCompared: () => void compared++ },
    );
    const { requests, outputs } = (await readSummary(home, NAME))!;
    assert.deepEqual(requests, { compared: 3, failed: 0, full: 0, late: 0 });
    const kept = Object.entries(outputs);
    assert.ok(kept.length > 0);
    for (const [name, { absolute, mismatched, notFinite }] of kept) {
      assert.deepEqual([absolute.max, mismatched, notFinite], [0, 0, 0], name);
    }
  });

  it('deals users of a test that begins while it serves, counts who was answered, and takes outcomes', async () => {
    await crown(home, 2, 1);
    await withCore(async (core) => {
      assert.equal((await ask(core, 'before', 'ada')).dealt, undefined);
      const test = await startWinter(home);
      await core.manager.refresh();
      for (const user of USERS) {
        const variant = routeRequest(test.config, '', user);
        for (const request of [`${user}/1`, `${user}/2`]) {
          const { version, dealt } = await ask(core, request, user);
          assert.equal(version, variant === 'treatment' ? 2 : 1);
          assert.deepEqual(dealt, { test: 'winter', variant, request: requestName('winter', request, user) });
        }
      }
      const later = requestName('winter', `${USERS[3]!}/2`, USERS[3]);
      const told = await core.traffic.outcomes.tell(NAME, [{ request: later, value: 4 }]);
      assert.deepEqual([told.taken, told.refused], [1, 0]);
      const { control, treatment } = (await evaluationOf(home, test.config)).result();
      assert.deepEqual([control.assigned + treatment.assigned, control.units + treatment.units], [12, 1]);
      // At once, whether or not anybody looks after the test.
      await crown(home, 3, 2);
      await core.manager.refresh();
      const { version, dealt } = await ask(core, 'after', USERS[0]);
      assert.deepEqual([version, dealt], [2, undefined]);
    });
  });
});
