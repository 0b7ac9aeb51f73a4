import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import * as fc from 'fast-check';
import { CorruptArtifactError } from '../../../src/errors.ts';
import { withLock } from '../../../src/lake/file-lock.ts';
import { grant, type Lease } from '../../../src/sources/limiter/rolling-window.ts';
import { SourceLimiter } from '../../../src/sources/limiter/source-limiter.ts';
import { temporaryHome } from '../support.ts';

const CHILD = new URL('limiter-child.ts', import.meta.url).pathname;
const never = new AbortController().signal;

/** The most moments that any span of `windowMs` holds. */
function mostWithin(moments: number[], windowMs: number): number {
  const sorted = moments.toSorted((a, b) => a - b);
  let first = 0;
  return sorted.reduce((most, moment, last) => {
    while (sorted[first]! < moment - windowMs) first += 1;
    return Math.max(most, last - first + 1);
  }, 0);
}

describe('the budget of a source', () => {
  it('never lets more through in a rolling window than it says, whenever leased tokens are used', () => {
    const steps = fc.array(
      fc.record({
        pause: fc.integer({ min: 0, max: 400 }),
        want: fc.integer({ min: 1, max: 12 }),
        use: fc.nat(50),
      }),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 30 }), (all, requests) => {
        const [windowMs, leaseMs] = [1000, 50];
        let leases: Lease[] = [];
        let now = 0;
        const used: number[] = [];
        for (const { pause, want, use } of all) {
          now += pause;
          const result = grant(leases, { requests, windowMs }, leaseMs, want, now);
          leases = result.leases;
          assert.equal(result.granted === 0, result.waitMs > 0);
          // Each token is used at some moment of its lease.
          for (let token = 0; token < result.granted; token++)
            used.push(now + ((use + token * 7) % (leaseMs + 1)));
        }
        assert.ok(mostWithin(used, windowMs) <= requests);
      }),
    );
  });

  it('grants again after exactly the wait that it names', () => {
    const budget = { requests: 2, windowMs: 1000 };
    const full = grant(
      [
        [0, 1],
        [300, 1],
      ],
      budget,
      50,
      5,
      400,
    );
    assert.equal(full.granted, 0);
    assert.equal(grant(full.leases, budget, 50, 5, 400 + full.waitMs - 1).granted, 0);
    assert.equal(grant(full.leases, budget, 50, 5, 400 + full.waitMs).granted, 1);
  });

  it('does not wait for ever when the clock was set back', () => {
    const ahead = grant([[1e9, 3]], { requests: 3, windowMs: 1000 }, 50, 1, 0);
    assert.ok(ahead.waitMs <= 1051);
  });

  it('holds over several processes at once', async () => {
    await using home = await temporaryHome();
    const children = Array.from({ length: 3 }, () =>
      spawn(process.execPath, [CHILD, home.root, '12', '400', '12'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
    const outputs = await Promise.all(children.map(({ stdout }) => text(stdout)));
    const moments = outputs.flatMap((output) => JSON.parse(output) as number[]);
    assert.equal(moments.length, 36);
    assert.ok(mostWithin(moments, 400) <= 12, `${mostWithin(moments, 400)} within a window`);
  });

  it('remembers over a restart what was used', async () => {
    await using home = await temporaryHome();
    const budget = { requests: 2, windowMs: 3_600_000 };
    const before = new SourceLimiter(home, 'eia', budget);
    await before.acquire(never);
    await before.acquire(never);
    let waitMs = 0;
    const controller = new AbortController();
    const after = new SourceLimiter(home, 'eia', budget, (ms) => {
      waitMs = ms;
      controller.abort();
    });
    await assert.rejects(after.acquire(controller.signal), { name: 'AbortError' });
    assert.ok(waitMs > 3_500_000, `${waitMs} ms`);
  });

  it('lets one who waits in the queue go when it is told to stop', async () => {
    await using home = await temporaryHome();
    const limiter = new SourceLimiter(home, 'eia', { requests: 1, windowMs: 3_600_000 });
    await limiter.acquire(never);
    const ahead = new AbortController();
    const behind = new AbortController();
    const first = limiter.acquire(ahead.signal);
    const second = limiter.acquire(behind.signal);
    behind.abort(new Error('stop'));
    await assert.rejects(second, /stop/);
    ahead.abort(new Error('stop too'));
    await assert.rejects(first, /stop too|aborted/);
  });

  it('goes on after the holder of its lock was killed', async () => {
    await using home = await temporaryHome();
    const path = home.path('limits', 'eia.json');
    const child = spawn(process.execPath, [CHILD, home.root, 'hold'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await new SourceLimiter(home, 'eia', { requests: 1, windowMs: 1000 }).acquire(never);
    assert.equal(await withLock(path, 'the account', async () => 'free again'), 'free again');
  });

  it('says so when its state is damaged instead of forgetting what was used', async () => {
    await using home = await temporaryHome();
    await mkdir(home.path('limits'));
    await writeFile(home.path('limits', 'eia.json'), '{"leases":"many"}');
    await assert.rejects(
      new SourceLimiter(home, 'eia', { requests: 1, windowMs: 1000 }).acquire(never),
      CorruptArtifactError,
    );
  });
});
