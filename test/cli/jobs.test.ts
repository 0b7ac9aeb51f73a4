import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applySchedules } from '../../schedules/apply.ts';
import { pauseSchedule } from '../../schedules/control.ts';
import { jobsAccount } from '../../src/cli/jobs-account.ts';
import { jobLines, modelLines } from '../../src/cli/jobs-view.ts';
import { openSession } from '../../src/cli/session.ts';
import { retrainingConfig } from '../../src/contracts/retraining.ts';
import { nextTimes } from '../../src/jobs/cron.ts';
import { appendJob } from '../../src/jobs/ledger.ts';
import { canonicalJson } from '../../src/lake/canonical.ts';
import { Home } from '../../src/lake/home.ts';
import { PIPELINE_QUEUE, WORKFLOWS } from '../../src/temporal/names.ts';
import { jobOf } from '../jobs/sample-job.ts';
import { FakeStages } from '../support/fake-stages.ts';
import { temporal, withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { reasonOf, ringwatt } from './command.ts';

const config = retrainingConfig.parse({ model_name: 'alpha' });

describe('jobs', () => {
  let home: Home;
  beforeEach(async () => (home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-jobs-')))));
  afterEach(() => rm(home.root, { recursive: true, force: true }));

  async function sessionOn(temporalAddress?: string) {
    const session = openSession({ home: home.root }, new AbortController().signal);
    const reached = { ...session.config, temporalAddress, temporalNamespace: 'default' };
    return { ...session, config: reached };
  }

  it('say what runs and when it is due next, as the server has it', async () => {
    const release = Promise.withResolvers<void>();
    const stages = new FakeStages({
      forecast: async () => {
        await release.promise;
        throw new Error('The test is over.');
      },
    });
    const { address } = await temporal();
    await withWorkers(stages.run, async (client) => {
      await applySchedules(client, [config], { home, by: 'anna', reason: '' });
      try {
        await pauseSchedule(client, 'drift-alpha', { home, by: 'anna', reason: '' });
        await client.workflow.start(WORKFLOWS.scheduledForecast, {
          workflowId: 'forecast/alpha-now',
          taskQueue: PIPELINE_QUEUE,
          args: [{ config }],
        });
        const session = await sessionOn(address);
        await until(async () => {
          const [account] = (await jobsAccount(session, {})).models;
          return (
            account?.running.length === 1 &&
            account.jobs.every(({ job, next }) => next.length > 0 || job === 'drift' || job === 'deployment')
          );
        });
        const { models, temporal: server } = await jobsAccount(session, { model: 'alpha' });
        const [{ running, jobs, why }] = models as [(typeof models)[0]];
        assert.equal(server, 'answers');
        assert.deepEqual(
          running.map(({ job, model, workflowId }) => [job, model, workflowId]),
          [['forecast', 'alpha', 'forecast/alpha-now']],
        );
        const byJob = Object.fromEntries(jobs.map((each) => [each.job, each]));
        assert.deepEqual([byJob['drift']?.paused, byJob['drift']?.next], [true, []]);
        const listed = nextTimes(config.retrain_schedule, 'UTC', new Date(), 3).map((at) => at.toISOString());
        assert.deepEqual(byJob['retrain']?.next, listed);
        assert.equal(why, 'No retrain has ended yet.');
      } finally {
        release.resolve();
        for (const job of ['retrain', 'ingestion', 'drift', 'forecast']) {
          await client.schedule.getHandle(`${job}-alpha`).delete();
        }
      }
      const [left] = (await jobsAccount(await sessionOn(), { model: 'alpha' })).models;
      const due = nextTimes(config.forecast_schedule, 'UTC', new Date(), 3).map((at) => at.toISOString());
      assert.deepEqual(left?.jobs.find(({ job }) => job === 'forecast')?.next, due);
    });
  });

  it('say how each ended last, and why, where nothing runs at all', async () => {
    await appendJob(
      { home },
      jobOf('a', { job: 'retrain', outcome: 'refused', version: 2, reason: 'Worse by 3 %.' }),
    );
    await appendJob({ home }, jobOf('b', { reason: 'Five regions.' }));
    const { code, stdout } = await ringwatt(['jobs', '--home', home.root, '--history', '1']);
    assert.equal(code, 0);
    assert.match(stdout, /retrain +refused 2019-03-01 19:00Z\n +Worse by 3 %\./);
    assert.match(stdout, /forecast +done .*\n +Five regions\./);
    assert.match(
      stdout,
      /why no newer model: No schedule retrains it.*made version 2, which was refused: Worse by 3 %\./,
    );
    assert.match(stdout, /history:\n.*forecast +done +as of 2019-03-01 19:00Z: Five regions\.\n\n/);
    assert.match(stdout, /Temporal is not running/);
    const account = await jobsAccount(await sessionOn('127.0.0.1:1'), {});
    assert.match(
      jobLines(account).at(-1)!,
      /Temporal: The Temporal server at 127\.0\.0\.1:1 does not answer/,
    );
    const strange = await ringwatt(['jobs', 'beta', '--home', home.root]);
    assert.match(reasonOf(strange), /Nothing has run for beta/);
  });

  it('say who is champion and by whom, what was refused last, and explain no version that is champion', async () => {
    const passed = { job: 'retrain', version: 2, reason: 'It is level.' } as const;
    const overtaken = { job: 'deployment', outcome: 'skipped', version: 2, reason: 'By hand.' } as const;
    await appendJob({ home }, jobOf('a', passed));
    await appendJob({ home }, jobOf('b', overtaken));
    await mkdir(home.path('models/day-ahead'), { recursive: true });
    const write = (name: string, value: object) =>
      appendFile(home.path('models/day-ahead', name), `${canonicalJson(value)}\n`);
    const since = '2019-03-02T09:00:00.000Z';
    const event = { at: since, by: 'ada', identity: 'claimed', from: 'cli', previous: 1, version: 2 };
    await write('champion.json', {
      ...{ name: 'day-ahead', generation: 2, version: 2, sha256: 'c'.repeat(64), since, previous: [1] },
    });
    await write('history.jsonl', { ...event, kind: 'promoted', reason: 'better in winter' });
    await write('history.jsonl', { ...event, kind: 'refused', reason: 'promote: no version 9' });
    const late = { ...event, from: 'deployment/day-ahead', by: 'modelDeploymentWorkflow' };
    await write('history.jsonl', { ...late, kind: 'refused', reason: 'endCanary: There is none.' });
    const account = (await jobsAccount(await sessionOn(), {})).models[0]!;
    const lines = modelLines({ ...account, jobs: [] });
    assert.deepEqual(lines.slice(0, 3), [
      'day-ahead',
      '  version 2 is champion since 2019-03-02 09:00Z, promoted by ada: better in winter.',
      '  refused 2019-03-02 09:00Z, asked by ada: promote: no version 9',
    ]);
    assert.doesNotMatch(account.why ?? '', /not deployed/);
  });

  it('say a long sentence once', async () => {
    const reason = `Version 2 is 9.1 % worse, where 5.0 % are allowed: ${'MAPE 3.3 % against 3.0 %, '.repeat(3)}in all.`;
    const record = jobOf('a', { job: 'retrain', outcome: 'refused', version: 2, reason });
    await appendJob({ home }, record);
    const session = await sessionOn();
    const text = jobLines(await jobsAccount(session, {})).join('\n');
    assert.equal(text.split('against').length - 1, 3);
    assert.match(text, /made version 2, which was refused, as said above\.$/m);
    const says = 'It waits for the approval of ada or grace until 2019-03-04T02. It is better.';
    const running = {
      job: 'deployment' as const,
      workflowId: 'deployment/a',
      phase: 'approval',
      says,
      version: 2,
    };
    const lines = modelLines({
      ...{ model: 'a', jobs: [], history: [], champion: null, refused: null },
      ...{ why: `Version 2 is being deployed, at approval. ${says} Do.` },
      running: [{ ...running, model: 'a', startedAt: '2019-03-03T02:00:00Z' }],
    });
    assert.match(lines.at(-1)!, /: Version 2 is being deployed, at approval, as said above\. Do\.$/);
  });

  it('and schedules refuse what they cannot be asked', async () => {
    const refused = async (...args: string[]) => reasonOf(await ringwatt([...args, '--home', home.root]));
    const reasons = await Promise.all([
      refused('schedules', 'preveiw'),
      refused('schedules', 'preview', 'absent.yaml'),
      refused('schedules', 'preview', '--time-zone', 'Mars'),
      refused('schedules', 'pause'),
      refused('jobs', 'No Model'),
    ]);
    const expected = [
      /cannot be asked to "preveiw"\. Use preview, apply/,
      /no file "absent\.yaml"/,
      /"Mars" is not known/,
      /Which schedule is to pause\?/,
      /is not a model's name/,
    ];
    reasons.forEach((reason, i) => assert.match(reason, expected[i]!));
  });
});
