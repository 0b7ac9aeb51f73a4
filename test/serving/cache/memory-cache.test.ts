import assert from 'node:assert/strict';
import { LayeredCache } from '../../../src/serving/cache/layered-cache.ts';
import { MemoryCache } from '../../../src/serving/cache/memory-cache.ts';

describe('answers in memory', () => {
  it('stays within its bytes and lets go of what was asked for least recently', async () => {
    const cache = new MemoryCache(10_000);
    for (const key of ['a', 'b', 'c']) cache.set(key, new Uint8Array(2500));
    await cache.get('a');
    cache.set('d', new Uint8Array(2500));
    assert.ok(cache.bytes <= 10_000, String(cache.bytes));
    assert.equal(await cache.get('b'), undefined);
    assert.ok(await cache.get('a'));
    assert.ok(await cache.get('d'));
  });

  it('counts an entry of no bytes at all', () => {
    const cache = new MemoryCache(10_000);
    for (let key = 0; key < 1000; key++) cache.set(String(key), new Uint8Array());
    assert.ok(cache.bytes <= 10_000);
  });

  it('does not keep what is larger than all of it, nor what lies around a value', async () => {
    const cache = new MemoryCache(1000);
    cache.set('large', new Uint8Array(1001));
    assert.equal(await cache.get('large'), undefined);
    cache.set('part', new Uint8Array(2 ** 20).subarray(5, 15));
    const kept = await cache.get('part');
    assert.equal(kept!.buffer.byteLength, 10);
  });

  it('keeps near what it found far away', async () => {
    const near = new MemoryCache(10_000);
    const far = new MemoryCache(10_000);
    const cache = new LayeredCache(near, far);
    far.set('k', Uint8Array.of(1));
    assert.deepEqual(await cache.get('k'), Uint8Array.of(1));
    assert.deepEqual(await near.get('k'), Uint8Array.of(1));
    cache.set('both', Uint8Array.of(2));
    assert.deepEqual([await near.get('both'), await far.get('both')], [Uint8Array.of(2), Uint8Array.of(2)]);
  });
});
