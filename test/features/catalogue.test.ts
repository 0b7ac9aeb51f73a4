import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { catalogue, catalogueHash } from '../../src/features/catalogue.ts';
import { parseFeatureConfig } from '../../src/features/config.ts';
import { featuresPage } from '../../src/features/documentation.ts';

const entry = (name: string) => catalogue().find((each) => each.name === name)!;

describe('the feature catalogue', () => {
  it('is what docs/features.md says', async () => {
    const written = await readFile(new URL('../../docs/features.md', import.meta.url), 'utf8');
    assert.equal(written, featuresPage(), 'make it again: node .ci/write-docs.mjs');
  });

  it('says how a column comes about', () => {
    const { formula, inputs, windowHours, nullPolicy, unit } = entry('renewable_intermittency_24h');
    assert.equal(formula, 'std((solar_mw + wind_mw), 24 h) / mean((solar_mw + wind_mw), 24 h)');
    assert.deepEqual(inputs, ['solar_mw', 'wind_mw']);
    assert.equal(windowHours, 24);
    assert.match(nullPolicy, /first 23 h.*divisor is 0/);
    assert.equal(unit, '1');
    assert.equal(entry('demand_mw_lag_24h').windowHours, 25);
    assert.equal(entry('hour_sin').nullPolicy, 'never null');
  });

  it('has every name once', () => {
    const names = catalogue().map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  });

  it('has a hash of its own for other settings, and the same for the same', () => {
    const other = catalogue(parseFeatureConfig({ capacityWindowHours: 721 }));
    assert.notEqual(catalogueHash(other), catalogueHash());
    assert.equal(catalogueHash(JSON.parse(JSON.stringify(catalogue()))), catalogueHash());
  });
});
