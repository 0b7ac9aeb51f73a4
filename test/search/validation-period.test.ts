import assert from 'node:assert/strict';
import { BadInputError } from '../../src/errors.ts';
import { validationPeriods } from '../../src/search/validation-period.ts';

const range = (from: string, to = from) => ({ from, to });

describe('what a search is validated on', () => {
  it('is the last year of the training period, and training ends the day before', () => {
    assert.deepEqual(validationPeriods({ known: range('2015-07', '2018'), scored: range('2019') }), {
      train: range('2015-07', '2017-12-31'),
      validation: range('2018-01-01', '2018'),
    });
  });

  it('is the last quarter where a year would leave less than a year to learn from', () => {
    const { train, validation } = validationPeriods({ known: range('2017'), scored: range('2018') });
    assert.deepEqual([train, validation], [range('2017', '2017-10-01'), range('2017-10-02', '2017')]);
  });

  it('is what a person names, but never what the sequences score', () => {
    const known = range('2015-07', '2018');
    const scored = range('2019');
    assert.deepEqual(validationPeriods({ known, scored, asked: range('2018-03', '2018-06') }), {
      train: range('2015-07', '2018-02-28'),
      validation: range('2018-03', '2018-06'),
    });
    for (const asked of [
      range('2019-05'),
      range('2018', '2019-01-01'),
      range('2015'),
      range('2018-05', '2018-04'),
    ]) {
      assert.throws(() => validationPeriods({ known, scored, asked }), BadInputError, JSON.stringify(asked));
    }
  });
});
