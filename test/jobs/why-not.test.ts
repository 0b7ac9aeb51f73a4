import assert from 'node:assert/strict';
import { whyNot, type Situation, type UnderWay } from '../../src/jobs/why-not.ts';
import { jobOf } from './sample-job.ts';

const schedule: Situation['schedule'] = {
  id: 'retrain-day-ahead',
  model: 'day-ahead',
  job: 'retrain',
  cron: '0 2 * * 0',
  timeZone: 'UTC',
  paused: false,
  catchUpHours: 48,
  appliedAt: '2019-01-01T00:00:00.000Z',
};
const retrain = (changed: Parameters<typeof jobOf>[1]) =>
  jobOf('r', { job: 'retrain', version: 4, reason: 'Because.', ...changed });
const deployment = (changed: Parameters<typeof jobOf>[1]) =>
  jobOf('d', { job: 'deployment', version: 4, reason: 'Nobody approved it.', ...changed });

const crowned = (kind: 'promoted' | 'rolled-back', version: number, previous: number, at = LATER) => ({
  ...{ at, kind, version, previous, by: 'ada', identity: 'claimed' as const, from: 'cli' },
  reason: kind === 'promoted' ? '' : 'worse on Mondays',
});
const LATER = '2019-03-05T09:00:00.000Z';
const underWay = (changed: Partial<UnderWay>): UnderWay => ({
  ...{ job: 'deployment', phase: 'approval', says: 'It waits for anna.', version: 4, startedAt: LATER },
  ...changed,
});

const why = (changed: Partial<Situation>) =>
  whyNot({ records: [], running: [], schedule, owedSince: null, champion: null, events: [], ...changed });

describe('why no newer model answers', () => {
  it('is said of a retrain that does not come', () => {
    assert.match(why({ schedule: undefined })!, /No schedule retrains it/);
    assert.match(
      why({ schedule: { ...schedule, paused: true } })!,
      /is paused: `schedules unpause retrain-day-ahead`/,
    );
    assert.match(
      why({ owedSince: new Date('2019-03-03T02:00:00Z') })!,
      /The retrain of 2019-03-03T02:00Z has not run/,
    );
    assert.equal(why({}), 'No retrain has ended yet.');
    const training = underWay({ job: 'retrain', phase: 'train', says: null });
    assert.equal(why({ running: [training] }), 'A retrain is under way.');
  });

  it('is said of one that ended without a model', () => {
    assert.match(why({ records: [retrain({ outcome: 'failed' })] })!, /failed: Because\./);
    assert.match(why({ records: [retrain({ outcome: 'skipped' })] })!, /trained nothing: Because\./);
    assert.match(
      why({ records: [retrain({ outcome: 'refused' })] })!,
      /version 4, which was refused: Because\./,
    );
  });

  it('follows a model that passed through its deployment', () => {
    const passed = retrain({ outcome: 'done' });
    assert.match(why({ records: [passed] })!, /nothing deploys it/);
    assert.match(why({ records: [passed], running: null })!, /only Temporal knows/);
    const waiting = underWay({});
    assert.match(
      why({ records: [passed], running: [waiting] })!,
      /at approval\. It waits for anna\. `approve day-ahead 4` lets it go on, `reject` puts it aside\./,
    );
    const aside = deployment({ outcome: 'skipped' });
    assert.match(why({ records: [passed, aside] })!, /Version 4 was not deployed: Nobody approved it\./);
    const back = deployment({ outcome: 'rolled-back' });
    assert.match(why({ records: [passed, back] })!, /was deployed and taken back/);
    assert.equal(why({ records: [passed, deployment({ outcome: 'done' })] }), null);
    const older = deployment({ outcome: 'done', version: 3 });
    assert.match(why({ records: [older, passed] })!, /nothing deploys it/);
  });

  it('says what waits now, whatever became of the same version before', () => {
    const aside = deployment({ outcome: 'skipped' });
    const again = retrain({ outcome: 'done', startedAt: '2019-03-03T02:00:00.000Z' });
    const says = why({ records: [retrain({ outcome: 'done' }), aside, again], running: [underWay({})] })!;
    assert.match(says, /^Version 4 is being deployed, at approval\. .*`approve day-ahead 4`/);
    assert.doesNotMatch(says, /was not deployed/);
    const closing = underWay({ phase: 'closed' });
    assert.match(
      why({ records: [retrain({ outcome: 'done' }), aside], running: [closing] })!,
      /was not deployed/,
    );
    assert.match(why({ records: [retrain({ outcome: 'done' }), aside, again] })!, /nothing deploys it/);
    const refused = retrain({ outcome: 'refused', version: 5 });
    const both = why({ records: [refused], running: [underWay({})] })!;
    assert.match(both, /version 5, which was refused: Because\. Version 4 is being deployed/);
  });

  it('is nothing where that version is champion, or older than who is', () => {
    const aside = deployment({ outcome: 'skipped' });
    for (const outcome of ['done', 'refused'] as const) {
      assert.equal(why({ records: [retrain({ outcome }), aside], champion: 4 }), null);
      assert.equal(why({ records: [retrain({ outcome }), aside], champion: 5 }), null);
    }
    assert.match(why({ records: [retrain({ outcome: 'done' }), aside], champion: 3 })!, /was not deployed/);
  });

  it('is who took it back by hand, and why', () => {
    const events = [crowned('promoted', 4, 3), crowned('rolled-back', 3, 4)];
    const back =
      'Version 4 was champion, and was rolled back to version 3 on 2019-03-05 by ada: worse on Mondays.';
    for (const outcome of ['skipped', 'done'] as const) {
      const records = [retrain({ outcome: 'done' }), deployment({ outcome })];
      assert.equal(why({ records, champion: 3, events }), back);
      const away = why({
        records,
        champion: 2,
        events: [crowned('promoted', 4, 3), crowned('promoted', 2, 4)],
      });
      assert.match(away!, /^Version 4 was champion, and made way for version 2 on 2019-03-05 by ada\.$/);
    }
    const ended = { outcome: 'rolled-back' as const, endedAt: '2019-03-05T10:00:00.000Z' };
    const byItself = [retrain({ outcome: 'done' }), deployment(ended)];
    assert.match(why({ records: byItself, champion: 3, events })!, /deployed and taken back: Nobody/);
    const again = retrain({ outcome: 'skipped', startedAt: '2019-03-10T02:00:00.000Z' });
    assert.match(why({ records: [again], champion: 3, events })!, /deployed nothing: Because\./);
  });

  it('says both where the last one failed and the next one does not come', () => {
    const both = why({ records: [retrain({ outcome: 'failed' })], schedule: { ...schedule, paused: true } });
    assert.match(both!, /is paused.* failed: Because\./);
  });
});
