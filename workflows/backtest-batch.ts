import {
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type { BacktestActivities } from '../activities/backtest.ts';
import { backtestBatchInput, unitAt } from '../src/contracts/rolling-backtest.ts';
import { parseInput } from '../src/temporal/input.ts';
import { unitNewsSignal } from '../src/temporal/messages.ts';
import { WORKFLOWS } from '../src/temporal/names.ts';
import { RunControl } from './run-control.ts';

const { backtestStretch } = proxyActivities<BacktestActivities>({
  // A ring's transformer with all its members, on a slow machine.
  startToCloseTimeout: '6 hours',
  // A worker that was killed is missed after so long; the fit then begins anew elsewhere.
  heartbeatTimeout: '8 seconds',
  retry: { maximumAttempts: 5 },
});

/** Some of a backtest's fits, `atOnce` side by side; tells the backtest of each. */
export async function backtestBatchWorkflow(raw?: unknown): Promise<{ done: number }> {
  const { input, plan, units } = parseInput(backtestBatchInput, raw, WORKFLOWS.backtestBatch);
  const control = new RunControl();
  const queue = [...units];
  let done = 0;
  const describe = () =>
    setCurrentDetails(`**${done} of ${units.length} fits${control.paused ? ', paused' : ''}**`);
  control.listen(describe);
  describe();
  await CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current();
    const lane = async () => {
      for (;;) {
        await control.whileNotPaused();
        const unit = queue.shift();
        if (unit === undefined) return;
        await fit(unit).catch((error: unknown) => {
          // What no attempt cures ends the backtest: the other fits need not go on.
          scope.cancel();
          throw error;
        });
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: input.atOnce }, lane));
    const reasons = lanes.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    const first = reasons.find((reason) => !isCancellation(reason)) ?? reasons[0];
    if (first !== undefined) throw first;
  });
  return { done };

  async function fit(unit: number): Promise<void> {
    const startedAt = Date.now();
    await backtestStretch(unitAt(unit, input, plan));
    done += 1;
    describe();
    const { parent } = workflowInfo();
    const news = { unit, seconds: (Date.now() - startedAt) / 1000 };
    // Who does not hear it plans anew and finds it done.
    if (parent)
      await getExternalWorkflowHandle(parent.workflowId)
        .signal(unitNewsSignal, news)
        .catch(() => {});
  }
}
