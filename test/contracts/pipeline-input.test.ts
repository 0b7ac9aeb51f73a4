import assert from 'node:assert/strict';
import { pipelineInput } from '../../src/contracts/pipeline.ts';
import { describeIssues } from '../../src/errors.ts';

const complaint = (input: unknown) => describeIssues(pipelineInput.safeParse(input).error?.issues ?? []);

describe('the input of the main job', () => {
  it('names the range that ends before it starts, before anything is fetched', () => {
    assert.match(complaint({ from: '2020', to: '2019' }), /^to: the period ends \(2019\) before it starts/);
    assert.match(complaint({ score: { from: '2018-06', to: '2018-05' } }), /^score\.to: the period ends/);
  });

  it('takes a period of one day, and one that is open', () => {
    assert.equal(complaint({ from: '2019-03-01', to: '2019-03-01' }), '');
    assert.equal(complaint({ from: '2019' }), '');
  });
});
