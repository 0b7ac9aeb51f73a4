import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SCHEDULES, applySchedules } from '../../schedules/apply.ts';
import { checkCron, preview } from '../../schedules/schedule.ts';
import { weeklyRetrain } from '../../schedules/weekly-retrain.ts';
import { pipelineInput } from '../../src/contracts/pipeline.ts';
import { temporal } from '../support/temporal.ts';

describe('schedules', () => {
  it('creates what is not there, and changes nothing when applied again', async () => {
    const { client } = await temporal();
    assert.deepEqual(await applySchedules(client), { created: ['weekly-retrain'], updated: [] });
    const handle = client.schedule.getHandle('weekly-retrain');
    const first = await handle.describe();
    await handle.pause('holidays');
    assert.deepEqual(await applySchedules(client), { created: [], updated: ['weekly-retrain'] });
    const second = await handle.describe();
    assert.deepEqual(second.spec, first.spec);
    assert.deepEqual(second.action, first.action);
    assert.deepEqual(second.policies, first.policies);
    assert.equal(second.policies.overlap, 'SKIP');
    assert.equal(second.policies.catchupWindow, 48 * 3_600_000);
    assert.equal(second.state.paused, true);
    await handle.delete();
  });

  it('starts the pipeline with an input that it accepts', () => {
    for (const { input } of SCHEDULES) assert.equal(pipelineInput.safeParse(input).success, true);
  });

  it('retrains on the record as it is by then, not on fixed years', () => {
    const { rolling, train, score } = pipelineInput.parse(weeklyRetrain.input);
    assert.deepEqual([rolling?.scoreDays, train, score], [365, undefined, undefined]);
  });

  it('previews Sunday nights', () => {
    assert.deepEqual(
      preview(weeklyRetrain, new Date('2018-03-10T00:00:00Z'), 2).map((time) => time.toISOString()),
      ['2018-03-11T02:00:00.000Z', '2018-03-18T02:00:00.000Z'],
    );
  });

  it('refuses an expression that restricts both the day of the month and of the week', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 28 }), fc.integer({ min: 0, max: 6 }), (day, weekday) => {
        assert.throws(() => checkCron(`0 2 ${day} * ${weekday}`), { name: 'BadInputError' });
        checkCron(`0 2 ${day} * *`);
        checkCron(`0 2 * * ${weekday}`);
      }),
    );
    assert.throws(() => checkCron('0 2 * *'), /4 fields/);
    assert.throws(() => checkCron('0 25 * * *'), { name: 'BadInputError' });
  });
});
