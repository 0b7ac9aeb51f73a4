import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { LockLostError } from '../../src/errors.ts';
import { withLock } from '../../src/lake/file-lock.ts';
import { temporaryHome } from '../sources/support.ts';

describe('a file lock', () => {
  it('lets one in at a time', async () => {
    await using home = await temporaryHome();
    const path = home.path('locks', 'one');
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 5 }, () =>
        withLock(path, 'the one', async () => {
          most = Math.max(most, ++inside);
          await new Promise((resolve) => setTimeout(resolve, 5));
          inside--;
        }),
      ),
    );
    assert.equal(most, 1);
  });

  it('fails the work of a holder whose lock was taken away, so that it is done again', async () => {
    await using home = await temporaryHome();
    const path = home.path('locks', 'lost');
    await assert.rejects(
      withLock(path, 'the ledger', async () => {
        await rm(`${path}.lock`, { recursive: true });
        // The lock is renewed at half of its life, and found gone then.
        await new Promise((resolve) => setTimeout(resolve, 3500));
      }),
      (error) => error instanceof LockLostError && error.retryable && /the ledger/.test(error.message),
    );
  });
});
