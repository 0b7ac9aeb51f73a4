import assert from 'node:assert/strict';
import { keptFor } from '../../src/dashboard/kept-for.ts';

describe('what every open page asks for', () => {
  it('is made once for all who ask meanwhile, and what failed is made again', async () => {
    const asked: string[] = [];
    let fails = true;
    const get = keptFor(60_000, async (key) => {
      asked.push(key);
      await new Promise(setImmediate);
      if (key === 'b' && fails) throw new Error('away');
      return { key };
    });
    const [one, two] = await Promise.all([get('a'), get('a')]);
    assert.equal(one, two);
    assert.equal(await get('a'), one);
    await assert.rejects(get('b'), /away/);
    fails = false;
    assert.deepEqual(await get('b'), { key: 'b' });
    assert.deepEqual(asked, ['a', 'b', 'b']);
  });
});
