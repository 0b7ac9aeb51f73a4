import assert from 'node:assert/strict';
import { chosenModel } from '../../src/dashboard/browser/chosen-model.js';

const fresh = { stands: '', wanted: '', hasChosen: false };

describe('the model that the dashboard shows', () => {
  it('is the only one there is, unless somebody has chosen all', () => {
    assert.equal(chosenModel(['day-ahead'], fresh), 'day-ahead');
    assert.equal(chosenModel(['day-ahead'], { ...fresh, hasChosen: true }), '');
    assert.equal(chosenModel([], fresh), '');
  });

  it('is all of several, until one is chosen or the page is opened by one', () => {
    const names = ['day-ahead', 'load'];
    assert.equal(chosenModel(names, fresh), '');
    assert.equal(chosenModel(names, { ...fresh, wanted: 'load' }), 'load');
    assert.equal(chosenModel(names, { ...fresh, stands: 'day-ahead', wanted: 'load' }), 'day-ahead');
    assert.equal(chosenModel(names, { ...fresh, wanted: 'gone' }), '');
  });
});
