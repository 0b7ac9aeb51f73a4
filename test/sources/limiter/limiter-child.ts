import { Home } from '../../../src/lake/home.ts';
import { withLock } from '../../../src/lake/file-lock.ts';
import { SourceLimiter } from '../../../src/sources/limiter/source-limiter.ts';

/**
 * `HOME REQUESTS WINDOW_MS COUNT` takes so many tokens and prints when it got each; `HOME hold` takes the lock, says
 * so, and keeps it until it is killed.
 */
const [root, ...rest] = process.argv.slice(2) as [string, string, string, string];
const home = await Home.open(root);
if (rest[0] === 'hold') {
  await withLock(home.path('limits', 'eia.json'), 'the account', async () => {
    process.stdout.write('held\n');
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  });
} else {
  const [requests, windowMs, count] = rest.map(Number) as [number, number, number];
  const limiter = new SourceLimiter(home, 'eia', { requests, windowMs });
  const moments: number[] = [];
  for (let i = 0; i < count; i++) {
    await limiter.acquire(new AbortController().signal);
    moments.push(Date.now());
  }
  process.stdout.write(JSON.stringify(moments));
}
