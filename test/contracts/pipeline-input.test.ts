import assert from 'node:assert/strict';
import { pipelineInput } from '../../src/contracts/pipeline.ts';
import { describeIssues } from '../../src/errors.ts';

const complaint = (input: unknown) => describeIssues(pipelineInput.safeParse(input).error?.issues ?? []);

const SCORED = { from: '2023', to: '2023' };

describe('the input of the main job', () => {
  it('names the range that ends before it starts, before anything is fetched', () => {
    assert.match(complaint({ from: '2020', to: '2019' }), /^to: the period ends \(2019\) before it starts/);
    assert.match(complaint({ score: { from: '2018-06', to: '2018-05' } }), /^score\.to: the period ends/);
  });

  it('takes a period of one day, and one that is open', () => {
    assert.equal(complaint({ from: '2019-03-01', to: '2019-03-01' }), '');
    assert.equal(complaint({ from: '2019' }), '');
  });

  it('refuses sequences that its training hours cannot hold, before anything is fetched', () => {
    const long = { sequenceLength: 61_344 };
    assert.match(
      complaint(long),
      /^sequenceLength: 61,344 hours and the 48 .* into the 16,488 hours to train on \(2015-07 to 2017 but for the last 228 days, on which the network is weighed\)/,
    );
    const weighed = { ...long, fit: { validationDays: 7 } };
    assert.equal(complaint({ ...weighed, train: { from: '2015-07', to: '2022-08' }, score: SCORED }), '');
    assert.match(complaint({ ...long, rolling: {} }), /the 913 days/);
    assert.equal(complaint({ ...weighed, rolling: { trainDays: 2565 } }), '');
    const alone = { ...long, fit: { members: ['ridge'] } };
    assert.equal(complaint({ ...alone, rolling: { trainDays: 2558 } }), '', 'no network, nothing to weigh');
    const days = { train: { from: '2017-01-01', to: '2017-03-01' }, score: SCORED };
    assert.match(complaint(days), /^sequenceLength: 2,184 hours/);
    assert.equal(complaint({ ...days, sequenceLength: 336 }), '');
    const aYear = { train: { from: '2017-01-01', to: '2017-12-31' }, score: SCORED };
    assert.match(complaint({ ...aYear, training: { preset: 'default' } }), /^sequenceLength: 8,760 hours/);
  });
});
