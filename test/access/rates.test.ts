import { deepEqual, ok } from 'node:assert/strict';
import { CallerRate, FailureRate } from '../../src/access/rates.ts';
import { ServingProblem } from '../../src/serving/problem.ts';

describe('how much a caller may send', () => {
  const now = Date.now;
  afterEach(() => void (Date.now = now));

  const refusalOf = async (work: () => Promise<void>) => {
    for (;;) {
      const error = await work().catch((thrown: unknown) => thrown);
      if (error instanceof ServingProblem) return error;
    }
  };

  it('is told of with a wait that is no longer than a window, whatever the clock does meanwhile', async () => {
    const calls = new CallerRate({ requestsPerMinute: 2, burst: 2 });
    const failures = new FailureRate({ failuresPerMinute: 2 });
    const wrong = async () => {
      await failures.check('198.51.100.7');
      await failures.count('198.51.100.7');
    };
    const before = [await refusalOf(() => calls.spend('ada')), await refusalOf(wrong)];
    const hour = 3_600_000;
    Date.now = () => now() - hour;
    const setBack = [await refusalOf(() => calls.spend('ada')), await refusalOf(wrong)];
    deepEqual([...before, ...setBack].map(({ code }) => code), Array.from({ length: 4 }, () => 'RESOURCE_EXHAUSTED')); // prettier-ignore
    for (const { retryAfter = 0 } of [...before, ...setBack])
      ok(retryAfter >= 1 && retryAfter <= 60, `${retryAfter}`);
    Date.now = () => now() + hour;
    // A window that is long over by the new clock keeps nobody out.
    await calls.spend('ada');
  });
});
