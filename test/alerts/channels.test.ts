import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile, mkdir, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { deliver } from '../../src/alerts/deliver.ts';
import { readChannels } from '../../src/alerts/channels.ts';
import { CLAIM_MS, GIVE_UP_MS } from '../../src/alerts/machine/outbox.ts';
import type { ChannelSecrets } from '../../src/alerts/channel.ts';
import { readAlerts } from '../../src/alerts/store.ts';
import { turnAlerts } from '../../src/alerts/turn.ts';
import { observation } from '../../src/contracts/alerts.ts';
import { DeliveryWaitsError } from '../../src/errors.ts';
import { Home } from '../../src/lake/home.ts';
import { HttpReceiver, MailReceiver, type Mood } from './receivers.ts';
import { HOUR, START, iso } from './sample-rules.ts';

const SECRETS = {
  smtpPassword: 'mail-secret-1',
  slackWebhookUrl: '',
  pagerRoutingKey: 'pager-secret-2',
  webhookSecret: 'webhook-secret-3',
};
const CHANNELS = ['email', 'slack', 'pager', 'hook'];

describe('channels of alerts', () => {
  let root: string;
  let home: Home;
  let http: HttpReceiver;
  let mail: MailReceiver;
  let config: ChannelSecrets;
  let clock: number;
  let observed: number;
  /** Milliseconds: long, where nothing is to be too late. */
  let patienceMs: number;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'ringwatt-alerts-'));
    home = await Home.open(join(root, 'home'));
    http = await HttpReceiver.open();
    mail = await MailReceiver.open({ user: 'grid', password: SECRETS.smtpPassword });
    config = { ...SECRETS, slackWebhookUrl: `${http.url}/services/slack-secret-4` };
    clock = START;
    observed = 0;
    patienceMs = 10_000;
    await write('rules.yaml', {
      alert_rules: { high: { condition: 'psi > 0.25', severity: 'critical', notification: CHANNELS } },
    });
    await writeChannels();
  });

  afterEach(async () => {
    await Promise.all([http.close(), mail.close()]);
    await rm(root, { recursive: true, force: true });
  });

  async function write(name: string, content: object | string): Promise<void> {
    await mkdir(home.path('alerts'), { recursive: true });
    await writeFile(home.path('alerts', name), typeof content === 'string' ? content : stringify(content));
  }

  /** One of each kind. */
  async function writeChannels({ password, hook = '/hook' }: { password?: string; hook?: string } = {}) {
    const email = {
      ...{ kind: 'email', host: '127.0.0.1', port: mail.port, security: 'none', user: 'grid' },
      ...{ from: 'ringwatt@example.org', to: ['ann@example.org'] },
    };
    await write('channels.yaml', {
      channels: {
        email: password === undefined ? email : { ...email, password },
        slack: { kind: 'slack' },
        pager: { kind: 'pager', url: `${http.url}/v2/enqueue` },
        hook: { kind: 'webhook', url: `${http.url}${hook}` },
      },
    });
  }

  async function see(psi: number, note = ''): Promise<string[]> {
    const body = observation.parse({
      model: 'day-ahead',
      asOf: iso(clock),
      source: 'drift',
      facts: { psi_score: 0.1, psi },
      note,
    });
    observed += 1;
    const { pending } = await turnAlerts({ home, config, now: clock }, [
      { kind: 'observe', id: `${observed}`, body },
    ]);
    return pending;
  }

  const attempt = (id: string, by = 'a test') =>
    deliver({ home, config, now: () => clock, by, signal: new AbortController().signal, patienceMs }, id);

  /** Tries until it is settled, when it says that it may be tried again; what it waited for. */
  async function persist(id: string): Promise<string[]> {
    const reasons: string[] = [];
    for (;;) {
      try {
        await attempt(id);
        return reasons;
      } catch (error) {
        if (!(error instanceof DeliveryWaitsError)) throw error;
        reasons.push(error.message);
        clock = Math.max(clock, error.until);
      }
    }
  }

  const only = (ids: string[], channel: string) => ids.find((id) => id.endsWith(`-${channel}`))!;

  it('tells a mail server, which knows a repetition by its Message-ID', async () => {
    const [id] = await see(0.5, 'Demand of CISO has moved.');
    assert.deepEqual(await attempt(id!), { state: 'sent', says: '' });
    const [message] = mail.messages;
    assert.deepEqual([message!.from, message!.to], ['ringwatt@example.org', ['ann@example.org']]);
    const { source } = message!;
    assert.match(source, new RegExp(`^Message-ID: <${id}@ringwatt>`, 'm'));
    assert.match(source, /^Subject: \[critical\] high of day-ahead fires/m);
    assert.match(source, /Demand of CISO has moved\./);
    assert.match(source, /psi =3D 0\.5|psi = 0\.5/);
  });

  it('tells a Slack-compatible webhook in its own shape', async () => {
    const ids = await see(0.5, 'a <b> & c');
    await attempt(only(ids, 'slack'));
    const [{ path, json, headers }] = http.received as [(typeof http.received)[0]];
    assert.equal(path, '/services/slack-secret-4');
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(json['text'], ':red_circle: [critical] high of day-ahead fires');
    const blocks = json['blocks'] as { type: string; text?: { type: string; text: string } }[];
    assert.deepEqual(
      blocks.map(({ type }) => type),
      ['section', 'section', 'context'],
    );
    assert.equal(blocks[1]!.text!.type, 'mrkdwn');
    assert.match(blocks[1]!.text!.text, /^a &lt;b&gt; &amp; c\nCondition: psi &gt; 0\.25/);
  });

  it('tells a pager of begin, acknowledgement and end under one key, by the events API', async () => {
    const ids = await see(0.5);
    await attempt(only(ids, 'pager'));
    const turn = await turnAlerts({ home, config, now: clock }, [
      { kind: 'acknowledge', id: 'a', body: { rule: 'high', by: 'ann', why: 'on it' } },
    ]);
    assert.deepEqual(turn.answers, [{ id: 'a', says: 'acknowledged 1', refused: false }]);
    await attempt(turn.pending.findLast((id) => id.endsWith('-pager'))!);
    const after = await see(0.1);
    await attempt(after.findLast((id) => id.endsWith('-pager'))!);
    const bodies = http.received.map(({ json }) => json);
    assert.deepEqual(
      bodies.map((body) => body['event_action']),
      ['trigger', 'acknowledge', 'resolve'],
    );
    assert.equal(new Set(bodies.map((body) => body['dedup_key'])).size, 1);
    assert.equal(bodies[0]!['routing_key'], SECRETS.pagerRoutingKey);
    const payload = bodies[0]!['payload'] as Record<string, unknown>;
    assert.equal(payload['severity'], 'critical');
    assert.equal(payload['summary'], '[critical] high of day-ahead fires');
    assert.equal(payload['source'], 'ringwatt/day-ahead');
    assert.equal(payload['timestamp'], iso(START));
  });

  it('signs what it tells a webhook, with the time', async () => {
    const id = only(await see(0.5), 'hook');
    await attempt(id);
    const [{ headers, text, json }] = http.received as [(typeof http.received)[0]];
    const timestamp = headers['x-ringwatt-timestamp'] as string;
    const expected = createHmac('sha256', 'webhook-secret-3').update(timestamp).update('.').update(text);
    assert.equal(headers['x-ringwatt-signature'], `v1=${expected.digest('hex')}`);
    assert.ok(Math.abs(Number(timestamp) - Date.now() / 1000) < 600);
    assert.equal(headers['x-ringwatt-delivery'], id);
    assert.deepEqual([json['delivery'], json['kind'], json['rule']], [id, 'fired', 'high']);
  });

  it('tries again whatever goes wrong, under the same id, until it is taken: one incident', async () => {
    const moods: Mood[] = [500, 429, 'drop', 'hang', 302];
    http.moods = [...moods];
    patienceMs = 1000;
    const id = only(await see(0.5), 'hook');
    const reasons = await persist(id);
    const failed = reasons.filter((reason) => reason.includes('attempt'));
    assert.equal(failed.length, moods.length);
    for (const [i, says] of [/HTTP 500/, /HTTP 429/, /ECONNRESET/, /ETIMEDOUT/, /HTTP 302/].entries())
      assert.match(failed[i]!, says);
    assert.equal(http.taken.length, 1);
    assert.deepEqual([...new Set(http.received.map(({ headers }) => headers['x-ringwatt-delivery']))], [id]);
    assert.equal((await readAlerts(home)).tracks.filter(({ incident }) => incident).length, 1);
    assert.deepEqual(await attempt(id), { state: 'sent', says: '' });
    assert.equal(http.taken.length, 1);
  });

  it('tries a mail server again that says later', async () => {
    mail.refusals = 2;
    const [id] = await see(0.5);
    const reasons = await persist(id!);
    assert.equal(reasons.length, 2);
    assert.match(reasons[0]!, /451 Try again later/);
    assert.equal(mail.messages.length, 1);
  });

  it('says no password to a mail server that does not encrypt, unless told that it need not', async () => {
    const path = home.path('alerts', 'channels.yaml');
    await writeFile(path, (await readFile(path, 'utf8')).replace('security: none', 'security: starttls'));
    const [id] = await see(0.5);
    await assert.rejects(attempt(id!), /STARTTLS|upgrade/i);
    assert.deepEqual(mail.messages, []);
  });

  it('tells those whom a mail server knows once, and says how many it does not', async () => {
    const path = home.path('alerts', 'channels.yaml');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('- ann@example.org', '- ann@example.org\n      - nobody@example.org'));
    const [id] = await see(0.5);
    const outcome = await attempt(id!);
    assert.deepEqual(outcome, { state: 'sent', says: '1 of 2 recipients were refused by the server' });
    assert.deepEqual(mail.messages[0]!.to, ['ann@example.org']);
  });

  it('waits longer each time, and gives up after a day of that, which the state says', async () => {
    http.moods = Array<Mood>(1000).fill(503);
    const id = only(await see(0.5), 'slack');
    const began = clock;
    const reasons = await persist(id);
    assert.ok(reasons.length > 90 && reasons.length < 130, `${reasons.length}`);
    assert.ok(clock - began >= GIVE_UP_MS && clock - began < GIVE_UP_MS + HOUR);
    const state = await readAlerts(home);
    const given = state.outbox.find((each) => each.id === id)!;
    assert.equal(given.state, 'given-up');
    assert.match(given.says, /HTTP 503/);
    assert.match(state.events[0]!.says, /given up after \d+ attempts: slack/);
  });

  it('tells a channel of the end of an incident only after its beginning', async () => {
    http.moods = [500];
    const fired = only(await see(0.5), 'pager');
    await assert.rejects(attempt(fired), DeliveryWaitsError);
    const recovered = (await see(0.1)).findLast((id) => id.endsWith('-pager'))!;
    await assert.rejects(attempt(recovered), /goes first/);
    await persist(fired);
    await attempt(recovered);
    assert.deepEqual(
      http.taken.map(({ json }) => json['event_action']),
      ['trigger', 'resolve'],
    );
  });

  it('is left to one of two who would send it, and taken over when that one is gone', async () => {
    http.moods = ['hang'];
    const id = only(await see(0.5), 'slack');
    const dying = new AbortController();
    const first = deliver({ home, config, now: () => clock, by: 'one', signal: dying.signal }, id).catch(
      () => 'gone',
    );
    while (http.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await assert.rejects(
      attempt(id, 'two'),
      (error) => error instanceof DeliveryWaitsError && /one is sending it/.test(error.message),
    );
    clock += CLAIM_MS + 1;
    await attempt(id, 'two');
    assert.equal(http.taken.length, 1);
    dying.abort();
    assert.equal(await first, 'gone');
    assert.equal((await readAlerts(home)).outbox.find((each) => each.id === id)!.state, 'sent');
  });

  it('lets others have at once what it stops sending', async () => {
    http.moods = ['hang'];
    const id = only(await see(0.5), 'slack');
    const stopped = new AbortController();
    const first = deliver({ home, config, now: () => clock, by: 'one', signal: stopped.signal }, id);
    while (http.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    stopped.abort(new Error('stopped'));
    await assert.rejects(first, /stopped/);
    assert.deepEqual(await attempt(id, 'two'), { state: 'sent', says: '' });
  });

  it('keeps secrets out of errors, files and notices, even where a receiver repeats them', async () => {
    http.moods = Array<Mood>(3).fill(400);
    await writeChannels({ password: 'wrong-secret-9', hook: '/hook-secret-5' });
    for (const id of await see(0.5)) {
      await assert.rejects(attempt(id), (error) => {
        assert.ok(error instanceof DeliveryWaitsError, String(error));
        assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`, /secret-\d/);
        return true;
      });
    }
    for (const name of await readdir(home.path(), { recursive: true })) {
      if (name.includes('channels.yaml')) continue;
      const text = await readFile(home.path(name), 'utf8').catch(() => '');
      assert.doesNotMatch(text, /secret-\d/, name);
    }
  });

  it('are those of the environment where no file is', async () => {
    await rm(home.path('alerts', 'channels.yaml'));
    const channels = await readChannels(home, config);
    assert.deepEqual([...channels.keys()], ['slack', 'pager']);
    assert.deepEqual([...(await readChannels(home, {} as ChannelSecrets)).keys()], []);
  });

  const wrong: [string, unknown, RegExp][] = [
    ['a field', { channels: { x: { kind: 'slack', uri: 'http://a' } } }, /channels\.x: Unrecognized key/],
    ['a kind', { channels: { x: { kind: 'fax' } } }, /channels\.x\.kind/],
    ['an address', { channels: { x: { kind: 'slack', url: 'nonsense-secret-7' } } }, /channels\.x\.url/],
    ['what is no YAML', 'channels: {x: [secret-8', /line 1/],
  ];
  for (const [what, content, says] of wrong) {
    it(`in a file are refused by ${what}, and not by its value`, async () => {
      await write('channels.yaml', content as object);
      await assert.rejects(readChannels(home, config), (error: Error & { line: string }) => {
        assert.match(error.line, says);
        assert.doesNotMatch(error.line, /secret-\d/);
        return true;
      });
    });
  }

  it('that lack a secret are refused by its name and its variable', async () => {
    await write('channels.yaml', { channels: { x: { kind: 'webhook', url: http.url } } });
    await assert.rejects(
      readChannels(home, {} as ChannelSecrets),
      /channels\.x lacks secret, or RINGWATT_WEBHOOK_SECRET/,
    );
  });

  it('are told while the audit is damaged, and of that', async () => {
    await see(0.1);
    await mkdir(home.path('audit'));
    await writeFile(home.path('audit', 'log.jsonl'), 'nonsense\n');
    await see(0.5);
    const { status } = await turnAlerts({ home, config, now: clock }, []);
    assert.deepEqual(status.firing.map(({ rule }) => rule).toSorted(), ['alerts_unreadable', 'high']);
    await rm(home.path('audit'), { recursive: true });
    assert.equal((await turnAlerts({ home, config, now: clock }, [])).status.count, 1);
    assert.deepEqual((await readAlerts(home)).unaudited, []);
  });

  it('and rules that cannot be read are an alert by themselves, and the shipped rules stand in', async () => {
    await write('rules.yaml', { alert_rules: { high: { condition: 'psi >', notification: ['slack'] } } });
    await see(0.5);
    const { status } = await turnAlerts({ home, config, now: clock }, []);
    assert.deepEqual(
      status.firing.map(({ rule, labels }) => [rule, labels]),
      [['alerts_unreadable', { file: 'rules.yaml' }]],
    );
    assert.match(status.firing[0]!.says, /high\.condition: Column 6: the end/);
    // Corrected in one place, and wrong in another: it says what is wrong now, and tells nobody twice.
    const told = (await readAlerts(home)).outbox.length;
    await write('rules.yaml', { alert_rules: { low: { condition: 'psi = 1', notification: ['slack'] } } });
    const { status: then } = await turnAlerts({ home, config, now: clock }, []);
    assert.deepEqual([then.count, (await readAlerts(home)).outbox.length], [1, told]);
    assert.match(then.firing[0]!.says, /low\.condition: Column 5/);
    await rm(home.path('alerts', 'rules.yaml'));
    assert.equal((await turnAlerts({ home, config, now: clock }, [])).status.count, 0);
  });
});
