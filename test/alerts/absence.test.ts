import assert from 'node:assert/strict';
import { GRACE_HOURS, standings } from '../../src/alerts/absence.ts';
import type { JobRecord } from '../../src/contracts/jobs.ts';
import type { AppliedSchedule } from '../../src/contracts/schedules.ts';
import { run, schedule } from './sample-jobs.ts';

const at = (text: string) => Date.parse(`${text}:00Z`);
const iso = (text: string) => `${text}:00Z`;

function stands(schedules: AppliedSchedule[], records: JobRecord[], now: string, simulated = false) {
  const [only] = standings(schedules, new Map([['m', records]]), at(now), { simulated });
  return [only!.dueAt?.toISOString().slice(0, 16) ?? null, Number(only!.lateHours.toFixed(2))];
}

describe('absent work', () => {
  const nightly = [schedule('forecast', '0 19 * * *')];

  it('is owed from the first time after it was applied that nothing has answered', () => {
    assert.deepEqual(stands(nightly, [], '2026-01-01T18:59'), [null, 0]);
    assert.deepEqual(stands(nightly, [], '2026-01-01T20:30'), ['2026-01-01T19:00', 1.5]);
    assert.deepEqual(stands(nightly, [], '2026-01-04T20:00'), ['2026-01-01T19:00', 73]);
  });

  it('is made good by a run, whatever came of it', () => {
    const failed = run('forecast', '2026-01-03T19:00', { outcome: 'failed' });
    assert.deepEqual(stands(nightly, [failed], '2026-01-04T18:00'), [null, 0]);
    assert.deepEqual(stands(nightly, [failed], '2026-01-04T20:00'), ['2026-01-04T19:00', 1]);
  });

  it('is not made good by a run of before, another job, another model, or a backfill of long ago', () => {
    const others = [
      run('forecast', '2026-01-02T18:00'),
      run('drift', '2026-01-02T19:30'),
      run('forecast', '2025-12-24T19:00', {
        startedAt: iso('2026-01-02T19:10'),
        endedAt: iso('2026-01-02T19:20'),
      }),
    ];
    assert.deepEqual(stands(nightly, others, '2026-01-02T21:00'), ['2026-01-02T19:00', 2]);
  });

  it('is made good by one that was still at it when the time came: the server starts no second beside it', () => {
    const hourly = [schedule('ingestion', '5 * * * *')];
    const long = run('ingestion', '2026-01-02T03:05', { endedAt: iso('2026-01-02T06:30') });
    assert.deepEqual(stands(hourly, [long], '2026-01-02T06:40'), [null, 0]);
    assert.deepEqual(stands(hourly, [long], '2026-01-02T07:35'), ['2026-01-02T07:05', 0.5]);
  });

  it('is nobody’s while a schedule is paused, nor of the time before it was applied as it is', () => {
    assert.deepEqual(stands([{ ...nightly[0]!, paused: true }], [], '2026-01-09T00:00'), [null, 0]);
    const again = [{ ...nightly[0]!, appliedAt: '2026-01-08T20:00:00Z' }];
    assert.deepEqual(stands(again, [], '2026-01-09T00:00'), [null, 0]);
  });

  it('goes by the clock of the schedule’s own place, over a change of it', () => {
    const berlin = [
      schedule('drift', '30 1 * * *', { timeZone: 'Europe/Berlin', appliedAt: '2026-03-28T12:00:00Z' }),
    ];
    assert.deepEqual(stands(berlin, [], '2026-03-29T01:30'), ['2026-03-29T00:30', 1]);
    const after = [run('drift', '2026-03-29T00:30')];
    assert.deepEqual(stands(berlin, after, '2026-03-30T00:30'), ['2026-03-29T23:30', 1]);
  });

  it('goes, as of a simulated moment, by the moments that runs stood for, of which the hour counts whole', () => {
    const daily = [schedule('drift', '30 19 * * *')];
    const runs = ['2019-03-01T19:00', '2019-03-02T19:00', '2019-03-09T19:00'].map((asOf) =>
      run('drift', asOf, { startedAt: '2026-11-21T00:00:00Z', endedAt: '2026-11-21T00:00:01Z' }),
    );
    assert.deepEqual(stands(daily, runs, '2019-02-28T00:00', true), [null, 0]);
    assert.deepEqual(stands(daily, runs, '2019-03-03T12:00', true), [null, 0]);
    assert.deepEqual(stands(daily, runs, '2019-03-04T19:30', true), ['2019-03-03T19:30', 24]);
    assert.deepEqual(stands(daily, runs, '2019-03-09T20:00', true), [null, 0]);
  });

  it('may be as late as each job takes', () => {
    const all = [schedule('ingestion', '5 * * * *'), schedule('retrain', '0 2 * * 0')];
    const graces = standings(all, new Map(), at('2026-01-01T01:00'), { simulated: false }).map(
      ({ graceHours }) => graceHours,
    );
    assert.deepEqual(graces, [GRACE_HOURS.ingestion, GRACE_HOURS.retrain]);
    assert.ok(GRACE_HOURS.retrain > GRACE_HOURS.ingestion);
  });
});
