import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CLAIM_MS, claim, release, settleFailed } from '../../src/alerts/machine/outbox.ts';
import { sentences } from '../../src/alerts/senders/wording.ts';
import { nextMoment } from '../../src/alerts/machine/step.ts';
import { alertState, bounded } from '../../src/alerts/state.ts';
import { statusOf } from '../../src/alerts/turn.ts';
import { acknowledgeRequest, silenceRequest } from '../../src/contracts/alerts.ts';
import { Bench, HOUR, START, iso, rule } from './sample-rules.ts';

const acknowledge = (body: object) =>
  ({ kind: 'acknowledge', body: acknowledgeRequest.parse(body) }) as const;
const silence = (body: object) => ({ kind: 'silence', body: silenceRequest.parse(body) }) as const;

describe('the outbox', () => {
  it('has who waits for another one look long before the other’s claim ends, for it may be over sooner', () => {
    const bench = new Bench(rule('high', { notification: ['email'] }));
    bench.see({ psi: 0.3 });
    const { id } = bench.state.outbox[0]!;
    const first = claim(bench.state, id, 'one', START);
    assert.ok(first.kind === 'send');
    const second = claim(first.state, id, 'two', START + 1000);
    assert.ok(second.kind === 'wait' && second.until < START + 10_000, 'waits as long as for a dead one');
    for (const over of [release(first.state, id), settleFailed(first.state, id, 'HTTP 500', START - HOUR)])
      assert.equal(claim(over, id, 'two', second.until).kind, 'send');
    const last = claim(first.state, id, 'two', START + CLAIM_MS - 1);
    assert.ok(last.kind === 'wait' && last.until === START + CLAIM_MS);
    assert.equal(claim(first.state, id, 'two', START + CLAIM_MS).kind, 'send');
  });
});

describe('the state of alerts', () => {
  it('tells of what fires once, however often it is seen, and of its end once', () => {
    const bench = new Bench(rule('high', {}));
    bench.see({ psi: 0.1 });
    assert.deepEqual(bench.told, []);
    for (const psi of [0.3, 0.4, 0.5]) bench.see({ psi });
    assert.deepEqual(bench.told, ['fired email', 'fired pager']);
    assert.equal(bench.state.tracks[0]!.incident!.seen, 3);
    bench.see({ psi: 0.2 });
    bench.see({ psi: 0.1 });
    assert.deepEqual(bench.told, ['recovered email', 'recovered pager']);
    bench.see({ psi: 0.3 });
    assert.deepEqual(bench.told, ['fired email', 'fired pager']);
    assert.deepEqual(bench.events, ['fired', 'recovered', 'fired']);
    const ids = bench.state.outbox.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(new Set(bench.state.outbox.map(({ notice }) => notice.incident)).size, 2);
  });

  it('neither fires nor recovers by what lacks the facts of a rule, and says so where it has some of them', () => {
    const bench = new Bench(rule('drop', { condition: 'accuracy < baseline - 0.05' }));
    bench.see({ accuracy: 0.8, baseline: 0.9 });
    assert.deepEqual(bench.firing, ['drop']);
    bench.see({ psi: 0 });
    assert.equal(bench.state.tracks[0]!.undecided, null);
    bench.see({ accuracy: 0.95 });
    assert.deepEqual(bench.firing, ['drop']);
    assert.equal(bench.state.tracks[0]!.undecided, 'baseline is absent');
    bench.see({ accuracy: 0.95, baseline: 0.9 });
    assert.deepEqual(bench.firing, []);
    assert.equal(bench.state.tracks[0]!.undecided, null);
  });

  it('keep why a rule holds: its condition, and the values of what it names', () => {
    const bench = new Bench(rule('drop', { condition: 'accuracy < baseline - 0.05' }));
    bench.see({ accuracy: 0.8, baseline: 0.9, other: 3 }, { note: 'PACW has drifted.' });
    const because = 'accuracy < baseline - 0.05: accuracy 0.8, baseline 0.9';
    assert.equal(statusOf(bench.state, START).firing[0]!.because, because);
    assert.equal(bench.state.events[0]!.says, `PACW has drifted. (${because})`);
    const { notice, id } = bench.state.outbox[0]!;
    assert.deepEqual([notice.because, notice.says], [because, 'PACW has drifted.']);
    assert.equal(sentences(notice, id)[1], `Condition: ${because}`);
    bench.see({ accuracy: 0.7, baseline: 0.9 });
    assert.match(bench.state.tracks[0]!.incident!.because!, /accuracy 0\.7/);
    bench.see({ accuracy: 0.9, baseline: 0.9 });
    const end = bench.state.outbox.at(-1)!.notice;
    assert.deepEqual([end.kind, end.because], ['recovered', undefined]);
    assert.doesNotThrow(() => alertState.parse(bench.state));
  });

  it('takes what comes late, as of before the last, for no news', () => {
    const bench = new Bench(rule('high', {}));
    bench.see({ psi: 0.3 });
    bench.see({ psi: 0.1 }, { asOf: iso(START - HOUR) });
    assert.deepEqual(bench.firing, ['high']);
  });

  it('waits until a rule has held so many times in a row', () => {
    const bench = new Bench(rule('high', { for: 3 }));
    for (const psi of [0.3, 0.3, 0.1, 0.3, 0.3]) bench.see({ psi });
    assert.deepEqual(bench.firing, []);
    bench.see({ psi: 0.3 });
    assert.deepEqual(bench.firing, ['high']);
  });

  it('tells incidents of one rule apart by the facts that it names for that', () => {
    const bench = new Bench(rule('late', { condition: 'late > 0', per: ['job'] }));
    bench.see({ late: 2, job: 'retrain' });
    bench.see({ late: 0, job: 'forecast' });
    assert.deepEqual(bench.firing, ['late retrain']);
    bench.see({ late: 1, job: 'forecast' });
    bench.see({ late: 0, job: 'retrain' });
    assert.deepEqual(bench.firing, ['late forecast']);
    bench.see({ late: 3 });
    assert.match(bench.state.tracks.at(-1)!.undecided!, /^job,.*is absent/);
  });

  it('takes whose an observation is for no news by itself', () => {
    const bench = new Bench(rule('failed', { condition: "failures > 2 or job == 'x'", per: ['job'] }));
    bench.see({ job: 'x', late: 3 });
    assert.deepEqual(bench.state.tracks, []);
    bench.see({ job: 'x', failures: 0 });
    assert.deepEqual(bench.firing, ['failed x']);
  });

  it('asks only the models and the regions that a rule is about, each region by itself', () => {
    const bench = new Bench(rule('high', { models: ['m'], regions: ['CISO', 'ERCO'] }));
    bench.see({ psi: 1, region: 'CISO' }, { model: 'other' });
    bench.see({ psi: 1, region: 'PACW' });
    bench.see({ psi: 1 });
    assert.deepEqual(bench.firing, []);
    bench.see({ psi: 1, region: 'CISO' });
    bench.see({ psi: 0, region: 'ERCO' });
    assert.deepEqual(bench.firing, ['high CISO']);
  });

  it('repeats after its hours, and escalates once when nobody acknowledges', () => {
    const bench = new Bench(
      rule('high', {
        notification: ['email'],
        repeat_hours: 4,
        escalate_after_minutes: 90,
        escalate_to: ['pager'],
      }),
    );
    bench.see({ psi: 1 });
    assert.deepEqual(bench.told, ['fired email']);
    assert.equal(nextMoment(bench.state, bench.world), START + 1.5 * HOUR);
    bench.after(1);
    assert.deepEqual(bench.told, []);
    bench.after(0.5);
    assert.deepEqual(bench.told, ['escalated pager']);
    bench.after(4);
    assert.deepEqual(bench.told, ['repeated email', 'repeated pager']);
    assert.equal(nextMoment(bench.state, bench.world), START + 9.5 * HOUR);
    assert.deepEqual(bench.events, ['fired', 'escalated']);
  });

  it('leaves alone what somebody acknowledged, tells the pager who, and still tells of its end', () => {
    const bench = new Bench(
      rule('high', { repeat_hours: 1, escalate_after_minutes: 30, escalate_to: ['slack'] }),
    );
    bench.see({ psi: 1 });
    assert.deepEqual(bench.told, ['fired email', 'fired pager']);
    const done = bench.do(acknowledge({ rule: 'high', by: 'ann', why: 'on it' }));
    assert.equal(done.says, 'acknowledged 1');
    assert.deepEqual(bench.told, ['acknowledged pager']);
    bench.after(10);
    bench.see({ psi: 1 });
    assert.deepEqual(bench.told, []);
    assert.equal(bench.do(acknowledge({})).says, 'acknowledged 0, 1 already were');
    bench.see({ psi: 0 });
    assert.deepEqual(bench.told, ['recovered email', 'recovered pager']);
    const refused = bench.do(acknowledge({ rule: 'high' }));
    assert.equal(refused.refused, true);
  });

  it('tells nobody of what is silenced, and everybody when it still fires at the end', () => {
    const bench = new Bench(rule('high', { escalate_after_minutes: 30, escalate_to: ['slack'] }));
    bench.do(silence({ rule: 'high', until: iso(START + 5 * HOUR), by: 'ann', why: 'works' }));
    bench.see({ psi: 1 });
    bench.after(3);
    assert.deepEqual(bench.told, []);
    assert.deepEqual(bench.firing, ['high']);
    assert.equal(nextMoment(bench.state, bench.world), START + 5 * HOUR);
    bench.after(2);
    assert.deepEqual(bench.told, ['fired email', 'fired pager']);
    assert.equal(nextMoment(bench.state, bench.world), START + 5.5 * HOUR);
    assert.deepEqual(bench.state.silences, []);
  });

  it('ends a silence at once when asked, tells no one of what came and went, and of the end of what was told', () => {
    const bench = new Bench(rule('high', {}), rule('other', { condition: 'x > 1' }));
    bench.see({ x: 2 });
    assert.deepEqual(bench.told, ['fired email', 'fired pager']);
    bench.do(silence({ until: '2027-01-01T00' }));
    bench.see({ psi: 1 });
    bench.see({ psi: 0 });
    bench.see({ x: 0 });
    assert.deepEqual(bench.told, ['recovered email', 'recovered pager']);
    bench.see({ psi: 1 });
    assert.deepEqual(bench.told, []);
    bench.do(silence({ until: '1970-01-01T00' }));
    assert.deepEqual(bench.told, ['fired email', 'fired pager']);
    assert.equal(bench.do(silence({ until: '1970-01-01T00' })).refused, true);
  });

  it('says that a channel is not configured, once, and tells it when it is', () => {
    const bench = new Bench(rule('high', { notification: ['email', 'slack'] }));
    bench.see({ psi: 1 });
    bench.see({ psi: 1 });
    assert.deepEqual(bench.told, ['fired email', 'fired slack not-sent']);
    assert.equal(bench.state.outbox[1]!.says, 'not sent: no channel slack');
    assert.deepEqual(bench.state.tracks[0]!.incident!.notSent, ['slack']);
    assert.deepEqual(bench.events, ['fired', 'undelivered']);
    bench.world.channels.set('slack', 'slack');
    bench.after(1);
    assert.deepEqual(bench.told, ['fired slack']);
    assert.deepEqual(bench.state.tracks[0]!.incident!.notSent, []);
    bench.see({ psi: 0 });
    assert.deepEqual(bench.told, ['recovered email', 'recovered slack']);
  });

  it('ends what fires by a rule that is gone', () => {
    const bench = new Bench(rule('high', {}));
    bench.see({ psi: 1 });
    assert.equal(bench.told.length, 2);
    bench.world.rules = [];
    bench.after(1);
    assert.deepEqual(bench.told, ['recovered email', 'recovered pager']);
  });

  it('goes by the observer’s clock where that is simulated: the real one moves nothing', () => {
    const bench = new Bench(
      rule('high', { notification: ['email'], escalate_after_minutes: 60, escalate_to: ['pager'] }),
    );
    bench.see({ psi: 1 }, { asOf: '2019-03-01T00', simulated: true });
    assert.deepEqual(bench.told, ['fired email']);
    bench.after(1000);
    assert.deepEqual(bench.told, []);
    assert.equal(nextMoment(bench.state, bench.world), null);
    bench.see({ other: 1 }, { asOf: '2019-03-01T00:59:00Z', simulated: true, model: 'another' });
    assert.deepEqual(bench.told, []);
    bench.see({ other: 1 }, { asOf: '2019-03-01T01', simulated: true, model: 'another' });
    assert.deepEqual(bench.told, ['escalated pager']);
    const { notice } = bench.state.outbox.at(-1)!;
    assert.equal(notice.asOf, '2019-03-01T01:00:00.000Z');
    assert.equal(notice.since, '2019-03-01T00:00:00.000Z');
    assert.equal(notice.at, iso(START + 1000 * HOUR));
  });

  it('leaves the state that it was given as it was, and what it makes is what the file holds', () => {
    const bench = new Bench(rule('high', {}));
    bench.see({ psi: 1 });
    const before = structuredClone(bench.state);
    const kept = bench.state;
    bench.see({ psi: 0 });
    assert.deepEqual(kept, before);
    assert.deepEqual(alertState.parse(JSON.parse(JSON.stringify(bench.state))), bench.state);
  });

  it('tells of each incident once each way, whatever is seen, silenced, acknowledged and waited for', () => {
    const act = fc.oneof(
      fc.record({ see: fc.constantFrom(0, 1), job: fc.constantFrom('a', 'b') }),
      fc.record({ hours: fc.nat(5) }),
      fc.record({ silent: fc.nat(5) }),
      fc.record({ acknowledge: fc.constant(true) }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const bench = new Bench(rule('high', { per: ['job'], for: 2 }));
        for (const each of acts) {
          if ('see' in each) bench.see({ psi: each.see, job: each.job });
          else if ('hours' in each) bench.after(each.hours);
          else if ('silent' in each)
            bench.do(silence({ until: iso(bench.world.now + (each.silent - 1) * HOUR) }));
          else bench.do(acknowledge({}));
        }
        const heard = Map.groupBy(
          bench.state.outbox,
          ({ notice, channel }) => `${notice.incident} ${channel}`,
        );
        for (const deliveries of heard.values()) {
          const kinds = deliveries.map(({ notice }) => notice.kind);
          assert.deepEqual(kinds, [...new Set(kinds)]);
          assert.equal(kinds[0], 'fired');
          const open = bench.state.tracks.some(
            ({ incident }) => incident?.id === deliveries[0]!.notice.incident,
          );
          assert.equal(kinds.includes('recovered'), !open);
          if (!open) assert.equal(kinds.at(-1), 'recovered');
        }
      }),
      { numRuns: 100 },
    );
  });

  it('stays small: what fires and what waits is kept, the past is not', () => {
    const bench = new Bench(rule('high', { per: ['n'] }));
    bench.see({ psi: 1, n: -1 });
    for (let n = 0; n < 1200; n += 1)
      bench.state.tracks.push({ ...bench.state.tracks[0]!, labels: { n }, incident: null });
    const [first] = bench.state.outbox;
    for (let n = 0; n < 300; n += 1) bench.state.outbox.push({ ...first!, id: `${n}`, state: 'sent' });
    const kept = bounded(bench.state);
    assert.equal(kept.tracks.length, 1000);
    assert.ok(kept.tracks.some(({ incident }) => incident !== null));
    assert.equal(kept.outbox.length, 202);
  });
});
