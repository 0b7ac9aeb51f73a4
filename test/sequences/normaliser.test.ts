import assert from 'node:assert/strict';
import { CorruptArtifactError } from '../../src/errors.ts';
import {
  applyNormaliser,
  fitScaling,
  frozenColumns,
  parseNormaliser,
  type Normaliser,
} from '../../src/sequences/normaliser.ts';

const columns = [
  Float64Array.of(1, 3, Number.NaN, 1e6),
  new Float64Array(4).fill(Number.NaN),
  Float64Array.of(7, 7, 7, 9),
];
const normaliser: Normaliser = {
  formatVersion: 1,
  columns: ['a', 'b', 'c'],
  catalogueHash: 'x',
  dtype: 'float32',
  horizon: 48,
  clip: 8,
  regions: { PACW: fitScaling(columns, 0, 3) },
};

describe('the normaliser', () => {
  it('is fitted on the rows given alone, over the values that are there', () => {
    assert.deepEqual(normaliser.regions['PACW'], { mean: [2, 0, 7], std: [1, 0, 0] });
  });

  it('scales, cuts outliers, and makes nulls and frozen columns 0', () => {
    const inputs = new Float32Array(8).fill(-1);
    columns
      .slice(0, 2)
      .forEach((values, channel) =>
        applyNormaliser(normaliser, 'PACW', channel, values, { inputs, width: 2, channel, from: 0 }),
      );
    assert.deepEqual([...inputs], [-1, 0, 1, 0, 0, 0, 8, 0]);
    applyNormaliser(normaliser, 'PACW', 2, columns[2]!, { inputs, width: 2, channel: 0, from: 0 });
    assert.equal(inputs[6], 0, 'constant in training, so never anything else');
  });

  it('names the columns frozen everywhere', () => {
    assert.deepEqual(frozenColumns(normaliser), ['b', 'c']);
    const two = { ...normaliser, regions: { ...normaliser.regions, ERCO: fitScaling(columns, 0, 4) } };
    assert.deepEqual(frozenColumns(two), ['b']);
  });

  it('comes back from its JSON, and refuses what is none', () => {
    assert.deepEqual(parseNormaliser(JSON.stringify(normaliser), 'x.json'), normaliser);
    assert.throws(
      () => parseNormaliser('{', 'x.json'),
      (error: unknown) => error instanceof CorruptArtifactError && /x\.json.*not JSON/.test(error.message),
    );
    assert.throws(() => parseNormaliser('{}', 'x.json'), /x\.json is not a normaliser: .*columns/);
  });

  it('refuses a region it does not know', () => {
    const target = { inputs: new Float32Array(4), width: 1, channel: 0, from: 0 };
    assert.throws(
      () => applyNormaliser(normaliser, 'MISO', 0, columns[0]!, target),
      /does not know the region MISO/,
    );
  });
});
