import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { alertsStanding, standingLine, type AlertsStanding } from '../../src/cli/alerts-standing.ts';
import { checkAlerting } from '../../src/cli/doctor/alert-check.ts';
import type { Finding } from '../../src/cli/doctor/check.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { Check } from '../../src/alerts/check.ts';
import type { AlertStatus } from '../../src/contracts/alerts.ts';
import type { AuditEntry } from '../../src/contracts/audit.ts';
import { changeAppliedSchedules } from '../../src/jobs/applied-schedules.ts';
import { Home } from '../../src/lake/home.ts';
import { freePort } from '../../src/stack/ports.ts';
import { HttpReceiver } from '../alerts/receivers.ts';
import { schedule } from '../alerts/sample-jobs.ts';
import { reasonOf, ringwatt } from './command.ts';

describe('alerts, from the command line', function () {
  this.timeout(120_000);
  let root: string;
  let home: Home;
  let receiver: HttpReceiver;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'ringwatt-alerts-cli-'));
    home = await Home.open(join(root, 'home'));
    receiver = await HttpReceiver.open();
    await mkdir(home.path('alerts'));
  });
  after(async () => {
    await receiver.close();
    await rm(root, { recursive: true, force: true });
  });

  const ask = (...args: string[]) => ringwatt([...args, '--home', home.root]);
  const write = (name: string, content: object) => writeFile(home.path('alerts', name), stringify(content));
  const hook = (url: string) => ({ kind: 'webhook', url, secret: 'hook-secret' });

  it('check rules and doors: which channel is missing, which is closed, which fact nobody knows', async () => {
    const port = await freePort();
    await write('channels.yaml', {
      channels: {
        slack: { kind: 'slack', url: receiver.url },
        hook: hook(`http://127.0.0.1:${port}/path-secret`),
      },
    });
    await write('rules.yaml', {
      alert_rules: {
        typo: { condition: 'psi_scor > 1', notification: ['slack'] },
        high_drift: { condition: 'psi_score > 0.3', notification: ['hook', 'fax'] },
      },
    });
    const checked = await ask('alerts', 'check', '--json');
    assert.equal(checked.code, 1, checked.stderr);
    const { rules, channels, ok } = JSON.parse(checked.stdout) as Check;
    assert.equal(ok, false);
    const named = (name: string) => rules.find(({ rule }) => rule === name)!;
    assert.deepEqual(named('high_drift').missing, ['fax']);
    assert.deepEqual(named('high_drift').unseen, []);
    assert.deepEqual(named('typo').unseen, ['psi_scor']);
    assert.deepEqual(
      channels.map(({ channel, trouble }) => [channel, trouble === null]),
      [
        ['slack', true],
        ['hook', false],
      ],
    );
    assert.match(channels[1]!.trouble!, /127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/);
    assert.doesNotMatch(checked.stdout, /secret/);
    assert.equal(receiver.received.length, 0);
  });

  it('refuse rules that cannot be read by file, rule and column', async () => {
    await write('rules.yaml', { alert_rules: { high: { condition: 'psi = 1', notification: ['slack'] } } });
    const checked = await ask('alerts', 'check');
    assert.equal(checked.code, 1);
    assert.match(
      reasonOf(checked),
      /rules\.yaml is wrong: alert_rules\.high\.condition: Column 5: .*Write ==/,
    );
    await rm(home.path('alerts', 'rules.yaml'));
  });

  it('test a channel, and name those that there are', async () => {
    await write('channels.yaml', { channels: { hook: hook(receiver.url) } });
    const tested = await ask('alerts', 'test', 'hook');
    assert.equal(tested.code, 0, tested.stderr);
    assert.equal(receiver.taken.at(-1)!.json['kind'], 'test');
    assert.match(
      String(receiver.taken.at(-1)!.json['headline']),
      /^\[info\] test of channel hook .*nothing is wrong/,
    );
    receiver.moods = [500];
    const refused = await ask('alerts', 'test', 'hook');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /HTTP 500.* A test is sent once: .*test again/);
    assert.doesNotMatch(refused.stderr, /tried again/);
    assert.match(reasonOf(await ask('alerts', 'test', 'email')), /no channel "email"\. Name one of hook\./);
  });

  it('tell of absent work without any service, are acknowledged, and show it', async () => {
    await write('rules.yaml', {
      alert_rules: {
        work_absent: { condition: 'late_hours > grace_hours', per: ['job'], notification: ['hook'] },
      },
    });
    await changeAppliedSchedules({ home }, () => [schedule('forecast', '0 19 * * *')]);
    const looked = await ask('watchdog', '--once', '--as-of', '2026-01-02T00');
    assert.equal(looked.code, 1, looked.stderr);
    assert.match(looked.stdout, /forecast-m +late +2026-01-01T19:00 +5\.0 +3/);
    const fired = receiver.taken.at(-1)!.json;
    assert.deepEqual(
      [fired['kind'], fired['rule'], fired['asOf']],
      ['fired', 'work_absent', '2026-01-02T00:00:00.000Z'],
    );
    const because = 'late_hours > grace_hours: late_hours 5, grace_hours 3';
    assert.equal(fired['because'], because);
    assert.ok((await ask('alerts')).stdout.includes(because));
    const acknowledged = await ask(
      'alerts',
      'ack',
      '--rule',
      'work_absent',
      '--by',
      'ann',
      '--reason',
      'I know',
    );
    assert.equal(acknowledged.stdout, 'acknowledged 1\n', acknowledged.stderr);
    assert.equal(receiver.taken.at(-1)!.json['says'], 'acknowledged by ann: I know');
    const shown = await ask('alerts', '--json');
    assert.equal(shown.code, 1);
    const status = JSON.parse(shown.stdout) as AlertStatus & { watchdog: { late: number } };
    assert.deepEqual(
      status.firing.map(({ rule, labels, acknowledgedBy }) => [rule, labels, acknowledgedBy]),
      [['work_absent', { job: 'forecast' }, 'ann']],
    );
    assert.equal(status.watchdog.late, 1);
    const stands = await ask('status', '--json');
    const { alerts } = JSON.parse(stands.stdout) as { alerts: AlertsStanding };
    assert.deepEqual([alerts.open, alerts.waiting, alerts.undelivered, alerts.watching], [1, 0, 0, true]);
  });

  it('stand in a line of status and doctor, with what is to be done', async () => {
    const now = Date.now() + 3_600_000;
    const stands = await alertsStanding(home, now);
    const line = standingLine({ ...stands, waiting: 1, undelivered: 2 }, now);
    assert.equal(stands.watching, false);
    assert.match(
      line,
      /^1 alert open, 1 notice still to be sent, 2 notices not delivered; the watchdog looked at 1 schedule at /,
    );
    const { verdict, detail, cure } = (await checkAlerting(loadConfig({ home: home.root }))) as Finding;
    assert.equal(verdict, 'warn');
    assert.match(`${detail} ${cure}`, /^1 alert open; the watchdog looked.* 1 late `alerts` says what fires/);
  });

  it('are silenced until a moment to come, and no longer', async () => {
    assert.match(
      (await ask('alerts', 'silence', '--model', 'm', '--hours', '2')).stdout,
      /^silenced until .*: every rule, m/,
    );
    assert.match(reasonOf(await ask('alerts', 'silence', '--until', '2020-01-01T00')), /has passed/);
    assert.match((await ask('alerts', 'unsilence', '--model', 'm')).stdout, /^no longer silenced/);
    const history = (JSON.parse((await ask('alerts', '--json')).stdout) as AlertStatus).recent;
    assert.deepEqual(
      history.slice(0, 2).map(({ what }) => what),
      ['unsilenced', 'silenced'],
    );
    const log = (await readFile(home.path('audit', 'log.jsonl'), 'utf8')).trimEnd().split('\n');
    const audited = log.slice(-2).map((line) => (JSON.parse(line) as AuditEntry).what);
    assert.deepEqual(audited, ['alert-silenced', 'alert-unsilenced']);
  });
});
