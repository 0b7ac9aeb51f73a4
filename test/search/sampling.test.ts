import assert from 'node:assert/strict';
import { DEFAULT_SPACE, searchInput, searchSpace, type SearchSpace } from '../../src/contracts/search.ts';
import { BadInputError } from '../../src/errors.ts';
import { bracketsOf } from '../../src/search/plan-stage.ts';
import { drawFrom, drawTrials } from '../../src/search/sampling.ts';
import { isPossibleConfiguration, requireKnownSettings } from '../../src/search/settings.ts';

const anything = () => true;
const trialsOf = (space: SearchSpace, trials: number, seed = 1) =>
  drawTrials(space, { seed, trials, isPossible: anything });

describe('what is drawn from a search space', () => {
  it('lies between its bounds, both of which can be reached', () => {
    const draw = (uniform: number) => [
      drawFrom({ kind: 'uniform', from: -1, to: 3 }, uniform),
      drawFrom({ kind: 'log-uniform', from: 0.001, to: 0.1 }, uniform),
      drawFrom({ kind: 'integer', from: 1, to: 3 }, uniform),
      drawFrom({ kind: 'choice', values: ['a', 'b'] }, uniform),
    ];
    assert.deepEqual(draw(0), [-1, 0.001, 1, 'a']);
    assert.deepEqual(draw(0.5), [1, 0.01, 2, 'b']);
    assert.deepEqual(draw(1 - 2 ** -32), [3, 0.1, 3, 'b']);
  });

  it('is decided by seed and count, and a longer search begins like a shorter one', () => {
    const nine = trialsOf(DEFAULT_SPACE, 9);
    assert.deepEqual(trialsOf(DEFAULT_SPACE, 9), nine);
    assert.deepEqual(trialsOf(DEFAULT_SPACE, 30).slice(0, 9), nine);
    assert.notDeepEqual(trialsOf(DEFAULT_SPACE, 9, 2), nine);
    assert.deepEqual(new Set(nine.map(({ id }) => id)).size, 9);
  });

  it('begins with the defaults of each family, and is never drawn twice', () => {
    const space = searchSpace.parse([
      { forecaster: 'transformer', settings: { layers: { kind: 'integer', from: 1, to: 2 } } },
      { forecaster: 'ridge', settings: {} },
    ]);
    const trials = trialsOf(space, 50);
    assert.deepEqual(trials.map(({ forecaster, settings }) => [forecaster, settings]).slice(0, 2), [
      ['transformer', {}],
      ['ridge', {}],
    ]);
    assert.deepEqual(
      trials
        .slice(2)
        .map(({ settings }) => settings['layers'])
        .toSorted(),
      [1, 2],
    );
  });

  it('can be trained: heads that do not divide a width are passed over', () => {
    const common = searchInput.parse({}).training;
    assert.equal(isPossibleConfiguration('transformer', { width: 64, heads: 3 }, common), false);
    assert.equal(isPossibleConfiguration('transformer', { width: 64, heads: 4 }, common), true);
    assert.equal(isPossibleConfiguration('transformer', { learningRate: 2 }, common), false);
    const [bracket] = bracketsOf(
      searchInput.parse({
        space: [
          {
            forecaster: 'transformer',
            settings: {
              heads: { kind: 'choice', values: [2, 3] },
              width: { kind: 'choice', values: [32, 64] },
            },
          },
        ],
        trials: 20,
      }),
    );
    assert.deepEqual(
      bracket!.trials.slice(1).map(({ settings }) => settings['heads']),
      [2, 2],
    );
  });

  it('has names that the forecaster knows, and bounds in order', () => {
    const family = { forecaster: 'transformer' as const, weight: 1, settings: {} };
    assert.throws(
      () => requireKnownSettings({ ...family, settings: { learningrate: { kind: 'choice', values: [1] } } }),
      BadInputError,
    );
    const backwards = [{ ...family, settings: { layers: { kind: 'integer', from: 3, to: 1 } } }];
    assert.equal(searchSpace.safeParse(backwards).success, false);
    assert.equal(searchSpace.safeParse([family, family]).success, false);
  });
});
