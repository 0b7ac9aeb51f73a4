import assert from 'node:assert/strict';
import { shortened } from '../../src/sources/completion.ts';
import { REGION_CODES } from '../../src/contracts/regions.ts';

const lines = (series: readonly string[]) =>
  REGION_CODES.slice(0, 6).flatMap((region) =>
    series.map((name) => ({
      ...{ region, series: name, present: 1, missing: 0, revised: 0, quarantined: 0 },
      ...{ firstHour: null, lastHour: '2024-12-31T05' },
    })),
  );

describe('the account that crosses Temporal', () => {
  it('has every region’s demand, however many series there are', () => {
    const many = lines(Array.from({ length: 20 }, (_unused, i) => (i === 19 ? 'D' : `FUEL:${i}`)));
    const few = shortened(many);
    assert.equal(few.length, 60);
    assert.equal(few.filter(({ series }) => series === 'D').length, 6);
  });

  it('is left as it is where there is room', () => {
    const some = lines(['DF', 'D', 'NG']);
    assert.deepEqual(shortened(some), some);
  });
});
