import { setTimeout as sleep } from 'node:timers/promises';

let testsEnded = 0;
// `npm run -s browser` waits by it too, and is no test.
if ('afterEach' in globalThis) afterEach(() => void (testsEnded += 1));

/** Says later whether the test that is under way now has ended, as one does that ran out of time. */
export function untilTestEnds(): () => boolean {
  const before = testsEnded;
  return () => testsEnded !== before;
}

/** Waits until something holds; the test's own time limit ends a wait that is in vain. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const isOver = untilTestEnds();
  while (!(await holds())) {
    await sleep(20);
    // Nobody waits for it any more, and it would ask the server for as long as the suite runs.
    if (isOver()) throw new Error('The test ended before what it waited for came.');
  }
}
