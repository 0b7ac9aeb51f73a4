import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Home } from '../../../src/lake/home.ts';
import { championUri } from '../../../src/registry/layout.ts';
import { DEFAULT_BATCHING } from '../../../src/serving/batching/options.ts';
import { Turns } from '../../../src/serving/batching/turns.ts';
import { WaitingBudget } from '../../../src/serving/batching/waiting-budget.ts';
import { Engines } from '../../../src/serving/engine/engines.ts';
import type { ModelConfig } from '../../../src/serving/model-config.ts';
import { ModelManager } from '../../../src/serving/models/model-manager.ts';
import { silentLogger } from '../../../src/stages/context.ts';
import { denseModel, placeVersion } from '../dense.ts';
import { NAME, crown, withVersions } from '../traffic/traffic-home.ts';

describe('registered models that are served', () => {
  let engines: Engines;
  before(async () => {
    engines = await Engines.start(silentLogger);
  });
  after(() => engines[Symbol.asyncDispose]());

  /** Whatever version is asked for, its graph is the same: who answers is what counts here. */
  const withManager = (
    act: (manager: ModelManager, home: Home, complaints: string[], warnings: object[]) => Promise<void>,
  ) =>
    withVersions(async (home) => {
      const folder = join(home.root, 'graphs');
      await placeVersion(folder, 1, denseModel());
      const source = { kind: 'saved-model', folder: join(folder, '1') } as const;
      const complaints: string[] = [];
      const warnings: object[] = [];
      await using manager = new ModelManager({
        ...{ home, everyMs: 2 ** 30 },
        engine: { load: (_registered, maxRows) => engines.load(source, maxRows) },
        share: {
          options: DEFAULT_BATCHING,
          budget: new WaitingBudget(DEFAULT_BATCHING.maxWaitingBytes),
          ...{ turns: new Turns(), observer: {} },
        },
        log: {
          ...silentLogger,
          error: (facts: object) => complaints.push(JSON.stringify(facts)),
          warn: (facts: object) => warnings.push(facts),
        },
      });
      await act(manager, home, complaints, warnings);
    });
  const named = (name: string): ModelConfig => ({
    ...{ name, source: { kind: 'registry', model: NAME }, policy: { kind: 'answering' } },
  });
  const states = (manager: ModelManager) =>
    [...manager.statuses()].map(([name, all]) => [
      name,
      ...all.map(({ version, state }) => `${version} ${state}`),
    ]);
  const answering = ({ catalogue }: ModelManager) =>
    catalogue.find({ name: NAME }, { requestId: 'r' }).version.version;

  it('are told of under every name that they have, and under one that they get later', () =>
    withManager(async (manager) => {
      await manager.start([named('one'), named('two')]);
      deepEqual(states(manager), [
        ['one', '1 AVAILABLE'],
        ['two', '1 AVAILABLE'],
      ]);
      await manager.reload([named('two'), named('three')]);
      deepEqual(states(manager), [
        ['two', '1 AVAILABLE'],
        ['three', '1 AVAILABLE'],
      ]);
    }));

  it('follow their champions whatever becomes of another model, which is told of once', () =>
    withManager(async (manager, home, complaints) => {
      const broken = home.path(championUri('broken'));
      await mkdir(dirname(broken), { recursive: true });
      await writeFile(broken, '{');
      await manager.start('registry');
      equal(answering(manager), 1);
      await crown(home, 2, 2);
      await manager.refresh();
      equal(answering(manager), 2);
      equal(complaints.length, 1);
      match(complaints[0]!, /"broken".*champion\.json/);
      // Whoever asks for it by name is told why not.
      const damaged = { ...named('broken'), source: { kind: 'registry' as const, model: 'broken' } };
      await rejects(manager.reload([named(NAME), damaged]), {
        ...{ name: 'ServingProblem', code: 'FAILED_PRECONDITION' },
        message: /champion\.json/,
      });
      equal(answering(manager), 2);
    }));

  it('have the labels of the list that was given, which is told of once, and those of the registry without', () =>
    withManager(async (manager, _home, _complaints, warnings) => {
      const labels = new Map([['stable', 2]]);
      const policy = { kind: 'all' } as const;
      await manager.start([{ ...named(NAME), policy, labels }]);
      const stable = () =>
        manager.catalogue.find({ name: NAME, label: 'stable' }, { requestId: 'r' }).version;
      equal(stable().version, 2);
      await manager.refresh();
      deepEqual(warnings, [{ model: NAME, labels: { stable: 2 } }]);
      await manager.reload([{ ...named(NAME), policy }]);
      equal(stable().version, 1);
      equal(warnings.length, 2);
    }));

  it('stay as they were while their files are damaged', () =>
    withManager(async (manager, home) => {
      await manager.start('registry');
      const path = home.path(championUri(NAME));
      const whole = await readFile(path);
      await writeFile(path, '{');
      await manager.refresh();
      equal(answering(manager), 1);
      await writeFile(path, whole);
      await crown(home, 2, 2);
      await manager.refresh();
      equal(answering(manager), 2);
    }));
});
