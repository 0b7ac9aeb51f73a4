import assert from 'node:assert/strict';
import { ensureSearchAttributes } from '../../src/temporal/ensure-search-attributes.ts';
import { SEARCH_ATTRIBUTES, SEARCH_ATTRIBUTE_FLAGS } from '../../src/temporal/search-attributes.ts';
import { temporal } from '../support/temporal.ts';

describe('search attributes', () => {
  it('fit into what a server on SQLite has room for', () => {
    const counts = Map.groupBy(SEARCH_ATTRIBUTES, ({ type }) => type);
    for (const [type, keys] of counts) assert.ok(keys.length <= (type === 'KEYWORD' ? 10 : 3), type);
    const names = SEARCH_ATTRIBUTES.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  });

  it('are given to the embedded server as name and type', () => {
    assert.ok(SEARCH_ATTRIBUTE_FLAGS.includes('RingwattModel=Keyword'));
    assert.ok(SEARCH_ATTRIBUTE_FLAGS.includes('RingwattRegions=KeywordList'));
  });

  it('are registered on a cluster that lacks them, once', async () => {
    const { connection, namespace } = await temporal();
    const space = namespace ?? 'default';
    await connection.operatorService.removeSearchAttributes({
      namespace: space,
      searchAttributes: ['RingwattSource'],
    });
    assert.deepEqual(await ensureSearchAttributes(connection, space), ['RingwattSource']);
    assert.deepEqual(await ensureSearchAttributes(connection, space), []);
  });
});
