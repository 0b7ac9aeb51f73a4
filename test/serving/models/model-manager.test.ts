import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Home } from '../../../src/lake/home.ts';
import { DEFAULT_BATCHING } from '../../../src/serving/batching/options.ts';
import { Turns } from '../../../src/serving/batching/turns.ts';
import { WaitingBudget } from '../../../src/serving/batching/waiting-budget.ts';
import { Engines } from '../../../src/serving/engine/engines.ts';
import { ModelManager } from '../../../src/serving/models/model-manager.ts';
import type { ModelConfig, VersionPolicy } from '../../../src/serving/model-config.ts';
import { Serving } from '../../../src/serving/serving.ts';
import type { CallContext } from '../../../src/serving/service.ts';
import { silentLogger } from '../../../src/stages/context.ts';
import { denseModel, placeVersion } from '../dense.ts';

const CONTEXT: CallContext = {
  ...{ requestId: 'r', door: 'rest' },
  caller: { name: 'local', role: 'viewer', identity: 'claimed' },
};

describe('models that are served', () => {
  let place: string;
  let engines: Engines;
  let manager: ModelManager;
  let serving: Serving;
  let folder: string;

  const config = (policy: VersionPolicy, more: Partial<ModelConfig> = {}): ModelConfig => ({
    ...{ name: 'dense', source: { kind: 'folder', path: folder }, policy },
    ...more,
  });
  const placed = (version: number) => placeVersion(folder, version, denseModel({ shift: version }));
  /** The version that answered, told by what it answered too. */
  const answered = async (spec: { version?: number; label?: string } = {}, name = 'dense') => {
    const x = { dtype: 'float32' as const, shape: [1, 3], data: Float32Array.of(0, 0, 0) };
    const answer = await serving.predict(
      { spec: { name, ...spec }, signature: 'serving_default', inputs: new Map([['x', x]]) },
      CONTEXT,
    );
    equal(answer.outputs.get('y')!.data[0], answer.version);
    return answer.version;
  };
  const states = () =>
    serving.status({ name: 'dense' }).map(({ version, state, labels }) => [version, state, ...labels]);

  before(async () => {
    place = await mkdtemp(join(tmpdir(), 'ringwatt-models-'));
    engines = await Engines.start(silentLogger);
  });
  after(async () => {
    await engines[Symbol.asyncDispose]();
    await rm(place, { recursive: true });
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(place, 'dense-'));
    const home = await Home.open(join(folder, 'home'));
    const share = {
      options: DEFAULT_BATCHING,
      budget: new WaitingBudget(DEFAULT_BATCHING.maxWaitingBytes),
      ...{ turns: new Turns(), observer: {} },
    };
    // Nobody looks at the files but who is told to.
    manager = new ModelManager({ home, engine: engines, share, log: silentLogger, everyMs: 2 ** 30 });
    const none = { answered() {}, missed() {} };
    const reload = (models: readonly ModelConfig[]) => manager.reload(models);
    serving = new Serving({ manager, observer: {}, traffic: none, maxWaiting: 512, reload });
  });
  afterEach(() => manager[Symbol.asyncDispose]());

  it('are the newest so many, all, or those that are named, and follow the folder', async () => {
    for (const version of [1, 2, 10]) await placed(version);
    await manager.start([config({ kind: 'latest', count: 2 })]);
    deepEqual(states(), [
      [10, 'AVAILABLE'],
      [2, 'AVAILABLE'],
    ]);
    equal(await answered(), 10);
    equal(await answered({ version: 2 }), 2);
    await rejects(answered({ version: 1 }), {
      ...{ code: 'NOT_FOUND', message: 'Servable not found for request: Specific(dense, 1)' },
    });
    await placed(11);
    await manager.refresh();
    equal(await answered(), 11);
    await serving.reload([config({ kind: 'all' })]);
    deepEqual(states().filter(([, state]) => state === 'AVAILABLE').length, 4);
    await serving.reload([config({ kind: 'specific', versions: [1] })]);
    equal(await answered(), 1);
    await rejects(answered({ version: 11 }), { code: 'NOT_FOUND' });
    await rejects(answered({}, 'other'), {
      ...{ code: 'NOT_FOUND', message: 'Servable not found for request: Latest(other)' },
    });
  });

  it('have the labels that they were given', async () => {
    for (const version of [1, 2]) await placed(version);
    const labels = new Map([
      ['stable', 1],
      ['canary', 2],
    ]);
    await manager.start([config({ kind: 'all' }, { labels })]);
    deepEqual([await answered({ label: 'stable' }), await answered({ label: 'canary' })], [1, 2]);
    deepEqual(states(), [
      [2, 'AVAILABLE', 'canary'],
      [1, 'AVAILABLE', 'stable'],
    ]);
    await rejects(answered({ label: 'none' }), {
      ...{ code: 'INVALID_ARGUMENT', message: 'Unrecognized servable version label: none' },
    });
    await rejects(serving.reload([config({ kind: 'latest', count: 1 }, { labels })]), {
      ...{ code: 'FAILED_PRECONDITION', message: /label to version 1 of model dense/ },
    });
    equal(await answered({ label: 'stable' }), 1);
  });

  it('stay as they are when a newer version does not load, which says why', async () => {
    await placed(1);
    await manager.start([config({ kind: 'latest', count: 1 })]);
    await placeVersion(folder, 2, Buffer.from('rubbish'));
    await manager.refresh();
    equal(await answered(), 1);
    const [broken] = serving.status({ name: 'dense' });
    equal(broken!.state, 'END');
    match(broken!.problem!.message, /not a SavedModel/);
    await placed(3);
    await manager.refresh();
    equal(await answered(), 3);
  });

  it('are taken as a whole list or not at all', async () => {
    await placed(1);
    await manager.start([config({ kind: 'latest', count: 1 })]);
    const other = config({ kind: 'specific', versions: [7] }, { name: 'other' });
    await rejects(serving.reload([config({ kind: 'latest', count: 1 }), other]), {
      ...{ code: 'FAILED_PRECONDITION', message: /^Version 7 of other does not load: .*saved_model/ },
    });
    deepEqual([...serving.models().keys()], ['dense']);
    equal(await answered(), 1);
  });

  it('are tried again after a list that was refused', async () => {
    await placed(1);
    await placeVersion(folder, 2, Buffer.from('rubbish'));
    await manager.start([config({ kind: 'all' })]);
    const other = config({ kind: 'specific', versions: [7] }, { name: 'other' });
    await rejects(serving.reload([other]), { code: 'FAILED_PRECONDITION' });
    await rm(join(folder, '2'), { recursive: true });
    await placed(2);
    await manager.refresh();
    equal(await answered({ version: 2 }), 2);
  });

  it('stand as available where another folder has a version of the same number', async () => {
    await placed(1);
    await manager.start([config({ kind: 'all' })]);
    const path = await mkdtemp(join(place, 'dense-'));
    await placeVersion(path, 1, denseModel({ shift: 1 }));
    await serving.reload([config({ kind: 'all' }, { source: { kind: 'folder', path } })]);
    equal(await answered({ version: 1 }), 1);
    await manager[Symbol.asyncDispose]();
    deepEqual(states(), [[1, 'AVAILABLE']]);
  });

  it('answer every request while they are replaced, each by one version alone', async () => {
    for (const version of [1, 2, 3]) await placed(version);
    await manager.start([config({ kind: 'specific', versions: [1] })]);
    const over = new AbortController();
    const seen = new Set<number>();
    const callers = Array.from({ length: 8 }, async () => {
      for (let count = 0; !over.signal.aborted || count < 5; count++) seen.add(await answered());
    });
    for (let round = 0; round < 12; round++) {
      await serving.reload([config({ kind: 'specific', versions: [(round % 3) + 1] })]);
    }
    over.abort();
    await Promise.all(callers);
    deepEqual([...seen].toSorted(), [1, 2, 3]);
  });

  it('let go of what is not wanted any more, once its last answer is out', async () => {
    for (const version of [1, 2]) await placed(version);
    await manager.start([config({ kind: 'latest', count: 1 })]);
    const slow = answered();
    await serving.reload([config({ kind: 'specific', versions: [1] })]);
    equal(await slow, 2);
    await manager[Symbol.asyncDispose]();
    ok(states().some(([version, state]) => version === 2 && state === 'END'));
  });

  it('refuse inputs that do not fit, by name', async () => {
    await placed(1);
    await manager.start([config({ kind: 'latest', count: 1 })]);
    const predict = (inputs: [string, object][], signature = 'serving_default', outputs?: string[]) =>
      serving.predict(
        { spec: { name: 'dense' }, signature, inputs: new Map(inputs) as never, outputs },
        CONTEXT,
      );
    const x = { dtype: 'float32', shape: [1, 3], data: new Float32Array(3) };
    const wide = { ...x, shape: [1, 4], data: new Float32Array(4) };
    await rejects(predict([]), { code: 'INVALID_ARGUMENT', message: 'The input x is missing. Inputs: x.' });
    await rejects(predict([['x', wide]]), /of shape \[1, 4\]; it takes DT_FLOAT \[any, 3\]/);
    await rejects(
      predict([['x', { ...x, dtype: 'int32', data: new Int32Array(3) }]]),
      /is DT_INT32; it takes DT_FLOAT/,
    );
    await rejects(
      predict([
        ['x', x],
        ['z', x],
      ]),
      /no input "z"/,
    );
    await rejects(predict([['x', x]], 'none'), {
      ...{ code: 'FAILED_PRECONDITION', message: 'Serving signature key "none" not found.' },
    });
    await rejects(predict([['x', x]], 'serving_default', ['q']), /no output "q"/);
  });
});
