import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { readBeat } from '../../src/alerts/beat.ts';
import type { ChannelSecrets } from '../../src/alerts/channel.ts';
import { CLAIM_MS } from '../../src/alerts/machine/outbox.ts';
import { readAlerts } from '../../src/alerts/store.ts';
import { Watchdog } from '../../src/alerts/watchdog.ts';
import { auditBytes, listAudit } from '../../src/audit/read.ts';
import type { JobKind, JobRecord } from '../../src/contracts/jobs.ts';
import type { AppliedSchedule } from '../../src/contracts/schedules.ts';
import { changeAppliedSchedules } from '../../src/jobs/applied-schedules.ts';
import { appendJob } from '../../src/jobs/ledger.ts';
import { Home } from '../../src/lake/home.ts';
import { silentLogger } from '../../src/stages/context.ts';
import { HttpReceiver } from './receivers.ts';
import { HOUR, iso } from './sample-rules.ts';
import { run, schedule } from './sample-jobs.ts';

const DAY = 24 * HOUR;
const MONDAY = Date.UTC(2026, 0, 5);

describe('the watchdog', () => {
  let root: string;
  let home: Home;
  let receiver: HttpReceiver;
  let watchdog: Watchdog;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'ringwatt-watchdog-'));
    home = await Home.open(join(root, 'home'));
    receiver = await HttpReceiver.open();
    await mkdir(home.path('alerts'), { recursive: true });
    await writeFile(
      home.path('alerts', 'channels.yaml'),
      stringify({ channels: { slack: { kind: 'slack', url: `${receiver.url}/x` } } }),
    );
    // One channel, so that each notice is one request.
    const only = (condition: string) => ({ condition, per: ['job'], notification: ['slack'] });
    await writeFile(
      home.path('alerts', 'rules.yaml'),
      stringify({
        alert_rules: {
          work_absent: only('late_hours > grace_hours'),
          job_failed: only("failures >= 3 or failures >= 1 and job != 'ingestion'"),
        },
      }),
    );
    await apply([
      schedule('ingestion', '5 * * * *'),
      schedule('forecast', '0 19 * * *'),
      schedule('drift', '30 19 * * *'),
      schedule('retrain', '0 2 * * 0', { catchUpHours: 48 }),
    ]);
    watchdog = new Watchdog({
      ...{ home, config: {} as ChannelSecrets, log: silentLogger, by: 'a watchdog' },
      signal: new AbortController().signal,
    });
  });

  afterEach(async () => {
    await receiver.close();
    await rm(root, { recursive: true, force: true });
  });

  const apply = (schedules: AppliedSchedule[]) =>
    changeAppliedSchedules({ home }, () => schedules.map((each) => ({ ...each, appliedAt: iso(MONDAY) })));

  const end = (job: JobKind, moment: number, more: Partial<JobRecord> = {}) =>
    appendJob({ home }, run(job, iso(moment).slice(0, 16), more));

  /** Lives through days as a worker does that is there when `works` says so; looks every six hours. */
  async function live(
    from: number,
    days: number,
    works: (job: JobKind, moment: number) => JobRecord['outcome'] | null,
  ) {
    const ledger: JobRecord[] = [];
    await mkdir(home.path('jobs'));
    for (let moment = from; moment < from + days * DAY; moment += HOUR) {
      const now = new Date(moment);
      const due: [JobKind, boolean][] = [
        ['ingestion', true],
        ['forecast', now.getUTCHours() === 19],
        ['drift', now.getUTCHours() === 19],
        ['retrain', now.getUTCDay() === 0 && now.getUTCHours() === 2],
      ];
      for (const [job, isDue] of due) {
        const outcome = isDue ? works(job, moment) : null;
        if (outcome) ledger.push(run(job, iso(moment + 31 * 60_000).slice(0, 16), { outcome }));
      }
      if (now.getUTCHours() % 6 !== 5) continue;
      // All at once: what an append costs is no concern here.
      await writeFile(
        home.path('jobs', 'm.jsonl'),
        ledger.map((each) => `${JSON.stringify(each)}\n`).join(''),
      );
      await watchdog.look(moment + 59 * 60_000);
    }
  }

  const told = () =>
    receiver.taken.map(({ json }) =>
      String(json['text']).replace(/^:\w+: \[\w+\] (\w+) of m (\w+) (.*)$/, '$1 $2 $3'),
    );

  it('says nothing of days in which all runs', async () => {
    await live(MONDAY, 8, () => 'done');
    assert.deepEqual(told(), []);
    assert.deepEqual(await readBeat(home), { at: iso(MONDAY + 8 * DAY - 60_000), schedules: 4, late: 0 });
  });

  it('tells of a source that is down for two days once, and once when it is back', async () => {
    await live(MONDAY, 5, (job, moment) =>
      job === 'ingestion' && moment >= MONDAY + DAY && moment < MONDAY + 3 * DAY ? 'failed' : 'done',
    );
    assert.deepEqual(told(), ['job_failed ingestion fires', 'job_failed ingestion has recovered']);
  });

  it('tells of each job that a worker misses in a week once, and of each that runs again once', async () => {
    await live(MONDAY, 14, (_, moment) =>
      moment >= MONDAY + 4 * DAY && moment < MONDAY + 11 * DAY ? null : 'done',
    );
    const heard = told().toSorted();
    const jobs = ['drift', 'forecast', 'ingestion', 'retrain'];
    assert.deepEqual(
      heard,
      jobs.flatMap((job) => [`work_absent ${job} fires`, `work_absent ${job} has recovered`]).toSorted(),
    );
    const audited = (await listAudit(home, await auditBytes(home), {}, 1000)).entries.map(({ what }) => what);
    assert.equal(audited.filter((what) => what === 'alert-fired').length, 4);
    assert.equal(audited.filter((what) => what === 'alert-recovered').length, 4);
  });

  it('tells of one retrain that was missed, and of its end a week later', async () => {
    let sundays = 0;
    await live(MONDAY, 14, (job) => (job === 'retrain' && (sundays += 1) === 1 ? null : 'done'));
    assert.deepEqual(told(), ['work_absent retrain fires', 'work_absent retrain has recovered']);
    const { outbox } = await readAlerts(home);
    assert.match(outbox[0]!.notice.says, /^retrain of m was due at 2026-01-11T02:00:00.000Z and has not run/);
    assert.match(outbox[1]!.notice.asOf, /^2026-01-18T05/);
  });

  it('ends what it told when the schedule is paused, or is there no more', async () => {
    await watchdog.look(MONDAY + 2 * DAY);
    const firing = async () =>
      (await readAlerts(home)).tracks.flatMap(({ incident, labels }) => (incident ? [labels['job']] : []));
    assert.deepEqual((await firing()).toSorted(), ['drift', 'forecast', 'ingestion']);
    await apply([schedule('forecast', '0 19 * * *', { paused: true })]);
    await watchdog.look(MONDAY + 2 * DAY + HOUR);
    assert.deepEqual(await firing(), []);
    assert.equal(told().filter((line) => line.endsWith('has recovered')).length, 3);
  });

  it('says that it cannot see when schedules or a ledger are damaged, and ends nothing for that', async () => {
    await watchdog.look(MONDAY + DAY);
    assert.deepEqual(told().length, 2);
    await writeFile(home.path('schedules.json'), '{');
    await watchdog.look(MONDAY + DAY + HOUR);
    const { tracks } = await readAlerts(home);
    const firing = tracks.flatMap(({ incident, rule, labels }) =>
      incident ? [`${rule} ${Object.values(labels)[0]}`] : [],
    );
    assert.deepEqual(firing.toSorted(), [
      'alerts_unreadable schedules.json',
      'work_absent forecast',
      'work_absent ingestion',
    ]);
    await rm(home.path('schedules.json'));
    await apply([schedule('forecast', '0 19 * * *')]);
    await mkdir(home.path('jobs'));
    await writeFile(home.path('jobs', 'm.jsonl'), '{"model": "m"}\n');
    await watchdog.look(MONDAY + DAY + 2 * HOUR);
    const { events } = await readAlerts(home);
    assert.deepEqual(
      events
        .filter(({ rule, what }) => rule === 'alerts_unreadable' && what !== 'undelivered')
        .map(({ what, says }) => [what, says.slice(0, 14)]),
      [
        ['fired', 'Line 1 of jobs'],
        ['recovered', 'schedules.json'],
        ['fired', 'schedules.json'],
      ],
    );
    assert.deepEqual(told().filter((line) => line.includes('recovered')).length, 1);
  });

  it('says that it cannot see when the list of schedules is gone, until there is one again', async () => {
    const firing = async () =>
      (await readAlerts(home)).tracks.flatMap(({ incident, rule }) => (incident ? [rule] : [])).toSorted();
    await watchdog.look(MONDAY + DAY);
    await rm(home.path('schedules.json'));
    for (const hours of [1, 2]) {
      await watchdog.look(MONDAY + DAY + hours * HOUR);
      assert.deepEqual(await firing(), ['alerts_unreadable', 'work_absent', 'work_absent']);
    }
    await apply([]);
    await watchdog.look(MONDAY + DAY + 3 * HOUR);
    assert.deepEqual(await firing(), []);
  });

  it('writes nothing while nothing changes', async () => {
    await end('ingestion', MONDAY);
    await watchdog.look(MONDAY + 60_000);
    const before = await readAlerts(home);
    await watchdog.look(MONDAY + 120_000);
    assert.deepEqual(await readAlerts(home), before);
  });

  it('lives a simulated year by the moments that it is given', async () => {
    const start = Date.UTC(2019, 2, 1);
    await end('drift', start + 19 * HOUR);
    for (const days of [1, 2, 2.5, 3, 4]) await watchdog.look(Date.now(), start + days * DAY);
    assert.deepEqual(told(), ['work_absent drift fires']);
    const { outbox } = await readAlerts(home);
    assert.deepEqual(
      [outbox[0]!.notice.asOf, outbox[0]!.notice.simulated],
      ['2019-03-03T12:00:00.000Z', true],
    );
    await end('drift', start + 4 * DAY + 19 * HOUR);
    await watchdog.look(Date.now(), start + 5 * DAY);
    assert.deepEqual(told().at(-1), 'work_absent drift has recovered');
  });

  it('sends what a process that was killed while sending has left, under the same id', async () => {
    receiver.moods = ['hang'];
    const child = fork(
      new URL('./killed-watchdog.ts', import.meta.url),
      [home.root, String(MONDAY + DAY / 2)],
      {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      },
    );
    while (receiver.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const [left] = (await readAlerts(home)).outbox;
    assert.equal(left!.state, 'waiting');
    assert.equal(left!.claim!.by, 'the killed one');
    const past = new Watchdog({
      ...{ home, config: {} as ChannelSecrets, log: silentLogger, by: 'a watchdog' },
      signal: new AbortController().signal,
      now: () => Date.now() + CLAIM_MS + 1000,
    });
    await past.look(MONDAY + DAY / 2);
    assert.deepEqual(told(), ['work_absent ingestion fires']);
    const { outbox } = await readAlerts(home);
    assert.deepEqual(
      outbox.map(({ id, state }) => [id, state]),
      [[left!.id, 'sent']],
    );
    const texts = receiver.received.map(({ text }) => text);
    assert.equal(texts.length, 2);
    assert.equal(texts[0], texts[1]);
  });
});
