import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';
import { learningResult, learningStatus, type LearningResult } from '../../src/contracts/learning.ts';
import type { ChampionRecord } from '../../src/contracts/lifecycle.ts';
import { BadInputError, MissingDataError, SourceFaultError } from '../../src/errors.ts';
import { failureLine } from '../../src/temporal/failures.ts';
import { deploymentStatusQuery, learningStatusQuery } from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../../src/temporal/names.ts';
import { fakeSlot, registerSlots } from '../support/fake-slots.ts';
import { FakeStages, reference, scoreOf } from '../support/fake-stages.ts';
import { withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';

const CONFIG = { model_name: 'day-ahead', regions: ['CAL', 'MISO'] };
const AS_OF = '2019-03-03T02';
const WARM = { maxSteps: 125, learningRate: 2e-4 };

const champion = (version: number): ChampionRecord => ({
  ...{ name: 'day-ahead', generation: 1, version, sha256: 'c'.repeat(64) },
  ...{ since: '2019-01-01T00:00:00Z', previous: [] },
});

/** Stages with versions 1, 2, … of which the first is champion; what is trained becomes the next one. */
function withChampion(versions = 1): FakeStages {
  const stages = new FakeStages();
  for (let version = 1; version <= versions; version++) stages.versions.push(version);
  stages.champion = champion(1);
  return stages;
}

const start = (client: Client, config: object = {}, rest: object = {}) =>
  client.workflow.start(WORKFLOWS.continuousLearning, {
    workflowId: workflowIds.learning('day-ahead'),
    taskQueue: PIPELINE_QUEUE,
    args: [{ config: { ...CONFIG, ...config }, asOf: AS_OF, ...rest }],
  });

async function learn(stages: FakeStages, config: object = {}, rest: object = {}): Promise<LearningResult> {
  let result: unknown;
  await withWorkers(
    stages.run,
    async (client) => {
      await registerSlots(client, [1, 2]);
      result = await (await start(client, config, rest)).result();
    },
    [fakeSlot(1), fakeSlot(2)],
  );
  return learningResult.parse(result);
}

describe('continuousLearningWorkflow', () => {
  it('trains on what is known as of its moment, and hands what is no worse to a deployment', async () => {
    const stages = withChampion();
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const handle = await start(client);
        const result = learningResult.parse(await handle.result());
        assert.deepEqual(
          [result.outcome, result.version, result.deployment],
          ['done', 2, 'deployment/day-ahead'],
        );
        assert.match(result.reason, /^Version 2: MAPE 3.000 % against 3.000 % of version 1 on 720 hours/);
        const status = learningStatus.parse(await handle.query(learningStatusQuery));
        assert.deepEqual(
          [status.asOf, status.phase, status.phases.map(({ state }) => state)],
          [AS_OF, null, ['done', 'done', 'done', 'done', 'done']],
        );
        const deployment = client.workflow.getHandle(workflowIds.deployment('day-ahead'));
        await until(async () => (await deployment.query(deploymentStatusQuery)).phase === 'approval');
      },
      [fakeSlot(1), fakeSlot(2)],
    );
    const [cut] = stages.asked('cutSequences') as { train: object; score: object }[];
    assert.deepEqual(cut!.score, { from: '2019-02-01', to: '2019-03-02' });
    assert.deepEqual(
      (stages.asked('validate') as { asOf: string }[]).map(({ asOf }) => asOf),
      [AS_OF],
    );
    const [fit, refit] = stages.asked('fitForecaster') as { through: string; refitOf?: unknown }[];
    assert.deepEqual([fit!.through, fit!.refitOf], ['2019-01-31', undefined]);
    assert.deepEqual([refit!.through, refit!.refitOf], ['2019-03-02', reference('forecaster')]);
    assert.deepEqual(stages.asked('writeReport'), []);
    assert.equal(stages.champion?.version, 1);
    const [job] = stages.jobs;
    assert.deepEqual(
      [job!.job, job!.outcome, job!.version, job!.asOf],
      ['retrain', 'done', 2, '2019-03-03T02:00:00.000Z'],
    );
  });

  it("goes on from the champion's weights, scaled as they were; afresh where they do not fit", async () => {
    const stages = withChampion();
    let fits = true;
    const cut = stages.table.cutSequences;
    stages.table.cutSequences = (input, options) => {
      if (input.goOnWith && !fits) throw new BadInputError('Other columns.', 'Begin afresh.');
      return cut(input, options);
    };
    const goOnFrom = { weights: reference('weights'), normaliser: reference('normaliser') };
    stages.table.planStart = () => ({ champion: 1, goOnFrom, why: 'It goes on.', ...WARM });
    const slots = [fakeSlot(1), fakeSlot(2)];
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        await (await start(client)).result();
        fits = false;
        stages.trained = false;
        const handle = await start(client);
        await handle.result();
        const { phases } = await handle.query(learningStatusQuery);
        assert.match(String(phases[2]!.facts['start']), /Afresh: the weights did not fit/);
      },
      slots,
    );
    const [{ goOnWith }] = stages.asked('cutSequences') as [{ goOnWith: unknown }];
    assert.deepEqual(goOnWith, goOnFrom.normaliser);
    const [segment, afresh] = slots[0]!.segments;
    assert.deepEqual([afresh!.weights, afresh!.settings.maxSteps], [undefined, undefined]);
    const { maxSteps, learningRate } = segment!.settings;
    assert.deepEqual([segment!.weights, { maxSteps, learningRate }], [goOnFrom.weights, WARM]);
  });

  it('says why it does not train, or does not deploy what it trained', async () => {
    const few = withChampion();
    few.samples = 400;
    const worse = withChampion();
    worse.mapeOf[2] = 3.2;
    const beaten = new FakeStages();
    beaten.table.backtest = () => ({
      ...{ dataset: reference('backtest'), reused: false },
      scores: [scoreOf('CAL', 3), scoreOf('MISO', 6)],
    });
    const unjudged = withChampion();
    unjudged.comparedHours = 0;
    const same = withChampion();
    same.made.add('version');
    const calm = withChampion();
    const cases: [FakeStages, object, LearningResult['outcome'], number | null, RegExp][] = [
      [few, {}, 'skipped', null, /Too few samples: 800 hours .* where 1000 are asked for/],
      [
        calm,
        { retrain: 'on-drift', drift_thresholds: { psi: 0.4 } },
        'skipped',
        null,
        /No drift from 2019-02-01 to 2019-03-02/,
      ],
      [worse, {}, 'refused', 2, /Version 2 is 6.7 % worse, where 5.0 % are allowed: MAPE 3.200 % against/],
      [beaten, {}, 'refused', 1, /a persistence is better in MISO/],
      [unjudged, {}, 'refused', 2, /there is no hour from 2019-02-01 to 2019-03-02/],
      [same, {}, 'skipped', 1, /nothing new to learn/],
    ];
    let current = few;
    await withWorkers(
      (...asked) => current.run(...asked),
      async (client) => {
        await registerSlots(client, [1, 2]);
        for (const [stages, config, outcome, version, reason] of cases) {
          current = stages;
          const result = learningResult.parse(await (await start(client, config)).result());
          assert.deepEqual([result.outcome, result.version, result.deployment], [outcome, version, null]);
          assert.match(result.reason, reason);
          assert.deepEqual(
            stages.jobs.map((job) => [job.outcome, job.version, job.reason]),
            [[outcome, version, result.reason]],
          );
          assert.equal(stages.champion?.version ?? 1, 1);
        }
      },
      [fakeSlot(1), fakeSlot(2)],
    );
    for (const untrained of [few, calm]) assert.deepEqual(untrained.asked('cutSequences'), []);
    assert.equal(worse.jobs[0]!.facts['worse_by'], 0.06667);
    const [{ thresholds }] = calm.asked('checkDrift') as [{ thresholds: { psi: number } }];
    assert.equal(thresholds.psi, 0.4);
  });

  it('takes no region away from the champion: it ends before it trains, with a cure', async () => {
    const stages = withChampion();
    const plan = stages.table.planStart;
    stages.table.planStart = async (...asked) => ({ ...(await plan(...asked)), loses: ['CISO', 'PACW'] });
    const result = await learn(stages);
    assert.deepEqual(
      [result.outcome, result.reason],
      [
        'skipped',
        'The champion, version 1, also forecasts CISO, PACW: name them in `regions`, or give this configuration a `model_name` of its own.',
      ],
    );
    assert.deepEqual(stages.asked('cutSequences'), []);
    assert.equal(stages.jobs[0]!.reason, result.reason);
  });

  it('says of a version that it was champion and taken back, and does not deploy it again by itself', async () => {
    const says = 'Version 2 was champion before and was rolled back on 2019-03-01 by ada: worse on Mondays.';
    for (const auto_deploy of [false, true]) {
      const stages = withChampion();
      const plan = stages.table.planStart;
      stages.table.planStart = async (...asked) => ({
        ...(await plan(...asked)),
        takenBack: [{ version: 2, says }],
      });
      const result = await learn(stages, { auto_deploy, approval_hours: 1 });
      assert.ok(result.reason.startsWith(says), result.reason);
      assert.match(result.reason, /MAPE 3\.000 % against/);
      assert.deepEqual(
        [result.outcome, result.version, result.deployment],
        auto_deploy ? ['skipped', 2, null] : ['done', 2, 'deployment/day-ahead'],
      );
      assert.equal(
        /not deployed again by itself: `promote day-ahead 2` does/.test(result.reason),
        auto_deploy,
      );
      assert.equal(stages.champion?.version, 1);
    }
  });

  it('fails with the root of the failure, in the ledger too, when the source is down', async () => {
    const stages = withChampion();
    stages.table.ingestWindow = async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw new SourceFaultError('HTTP 503.', 'It is tried again.');
    };
    await assert.rejects(learn(stages, {}, { collectMinutes: 0.01 }), (error) => {
      assert.match(failureLine(error), /The source is down: it has not answered for 0.01 minutes/);
      return true;
    });
    assert.deepEqual(
      stages.jobs.map(({ outcome, reason }) => [outcome, reason]),
      [['failed', 'The source is down: it has not answered for 0.01 minutes']],
    );
  });

  it('does not blame the source for what is its own', async () => {
    const stages = withChampion();
    stages.table.planIngestion = () => {
      throw new BadInputError('The clock is wrong.', 'Set it.');
    };
    await assert.rejects(learn(stages));
    assert.deepEqual(
      stages.jobs.map(({ reason }) => reason),
      ['The clock is wrong. Set it.'],
    );
  });

  it('names a stage that failed in its training', async () => {
    const stages = withChampion();
    stages.table.engineerFeatures = () => {
      throw new MissingDataError('The record is empty.', 'Ingest it.');
    };
    await assert.rejects(learn(stages));
    assert.match(stages.jobs.at(-1)!.reason, /The record is empty/);
    assert.equal(stages.jobs.at(-1)!.facts['phase'], 'train');
    assert.equal(stages.champion?.version, 1);
  });

  it('takes the place of a deployment that is still under way', async () => {
    const stages = withChampion();
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        await (await start(client)).result();
        stages.made.delete('version');
        const second = learningResult.parse(await (await start(client)).result());
        assert.deepEqual([second.outcome, second.version], ['done', 3]);
        const handle = client.workflow.getHandle(workflowIds.deployment('day-ahead'));
        assert.equal((await handle.query(deploymentStatusQuery)).version, 3);
      },
      [fakeSlot(1), fakeSlot(2)],
    );
    const deployment = stages.jobs.find(({ job }) => job === 'deployment')!;
    assert.deepEqual([deployment.outcome, deployment.version], ['skipped', 2]);
    assert.match(deployment.reason, /Superseded by version 3 at approval/);
  });
});
