import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { configSchema, loadConfig, toEnvironment } from '../../src/config/config.ts';
import { configurationPage } from '../../src/config/documentation.ts';
import { userCacheFolder } from '../../src/config/machine.ts';
import { BadInputError } from '../../src/errors.ts';

describe('configuration', () => {
  it('is documented as it is: run `node .ci/write-docs.mjs` when this fails', () => {
    const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
    assert.equal(page, configurationPage());
  });

  it('has a description of every field', () => {
    for (const [field, schema] of Object.entries(configSchema.shape)) {
      assert.ok((schema.description ?? '').length > 15, field);
    }
  });

  it('takes flags before the environment, and the environment before the defaults', () => {
    const environment = { RINGWATT_SLOTS: '5', RINGWATT_HOME: '/from-environment' };
    assert.equal(loadConfig({ slots: 7 }, { environment }).slots, 7);
    assert.equal(loadConfig({}, { environment }).slots, 5);
    assert.equal(loadConfig({}, { environment: {} }).slots, 2);
  });

  it('reaches a child process whole', () => {
    const config = loadConfig({ slots: 3, uiPort: 8233, eiaApiKey: 'secret' }, { environment: {} });
    assert.deepEqual(loadConfig({}, { environment: toEnvironment(config) }), config);
  });

  it('names the field that is wrong', () => {
    assert.throws(
      () => loadConfig({}, { environment: { RINGWATT_SLOTS: 'two' } }),
      (error) => error instanceof BadInputError && /slots/.test(error.message),
    );
  });

  it('keeps what may be fetched again where the system says', () => {
    assert.equal(userCacheFolder({ XDG_CACHE_HOME: '/somewhere' }), '/somewhere/ringwatt');
    assert.match(userCacheFolder({}), /\/\.cache\/ringwatt$/);
  });
});
