import assert from 'node:assert/strict';
import { whyNot, type Situation } from '../../src/jobs/why-not.ts';
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

const why = (changed: Partial<Situation>) =>
  whyNot({ records: [], running: [], schedule, owedSince: null, ...changed });

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
    const underWay = { job: 'retrain' as const, phase: 'train', says: null };
    assert.equal(why({ running: [underWay] }), 'A retrain is under way.');
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
    const waiting = { job: 'deployment' as const, phase: 'approval', says: 'It waits for anna.' };
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

  it('says both where the last one failed and the next one does not come', () => {
    const both = why({ records: [retrain({ outcome: 'failed' })], schedule: { ...schedule, paused: true } });
    assert.match(both!, /is paused.* failed: Because\./);
  });
});
