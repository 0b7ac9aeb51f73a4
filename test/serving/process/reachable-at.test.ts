import { equal } from 'node:assert/strict';
import { reachableAt } from '../../../src/serving/process/reachable-at.ts';

describe('where a door is told to be', () => {
  it('is an address that a client can ask', () => {
    equal(reachableAt('0.0.0.0'), '127.0.0.1');
    equal(reachableAt('::'), '[::1]');
    equal(reachableAt('::1'), '[::1]');
    equal(reachableAt('10.0.0.7'), '10.0.0.7');
  });
});
