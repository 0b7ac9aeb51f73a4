import assert from 'node:assert/strict';
import { checkRegions } from '../../src/cli/input.ts';

describe('regions on the command line', () => {
  it('count once when named twice, in the order of their first mention', () => {
    assert.deepEqual(checkRegions(['PACW', 'ERCO', 'PACW']), ['PACW', 'ERCO']);
    assert.equal(checkRegions(undefined), undefined);
  });
});
