import {
  allHandlersFinished,
  condition,
  continueAsNew,
  proxyActivities,
  setHandler,
  startChild,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { BacktestActivities } from '../activities/backtest.ts';
import {
  LARGEST_BATCH,
  rollingBacktestInput,
  settledPlan,
  unitNews,
  type RollingBacktestResult,
} from '../src/contracts/rolling-backtest.ts';
import { parseInput } from '../src/temporal/input.ts';
import { backtestProgressQuery, unitNewsSignal } from '../src/temporal/messages.ts';
import { WORKFLOWS } from '../src/temporal/names.ts';
import { modelAttribute, regionsAttribute, stageAttribute } from '../src/temporal/search-attributes.ts';
import { BacktestBoard, type CarriedBacktest } from './backtest-board.ts';
import { backtestBatchWorkflow } from './backtest-batch.ts';
import { isHistoryLong } from './history.ts';
import { whenFree } from './pipeline-children.ts';
import { RunControl } from './run-control.ts';

const EVENTS_BEFORE_CONTINUING = 250;

const { planRollingBacktest, mergeRollingBacktest, writeBacktestReport } =
  proxyActivities<BacktestActivities>({
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: '15 seconds',
    retry: { maximumAttempts: 5 },
  });

/**
 * A rolling-origin backtest: plans its fits, has children do those that are missing, scores them together. What is done
 * lies in the home, so a run that was killed, cancelled or continued as new asks the home and goes on.
 */
export async function backtestWorkflow(
  raw?: unknown,
  carried?: CarriedBacktest,
): Promise<RollingBacktestResult> {
  const input = parseInput(rollingBacktestInput, raw, WORKFLOWS.backtest);
  const board = new BacktestBoard(input, carried);
  const control = new RunControl();
  control.paused = carried?.paused ?? false;
  control.listen(() => board.describe(control.paused));
  setHandler(unitNewsSignal, (message) => {
    const news = unitNews.safeParse(message);
    if (news.success) board.hear(news.data);
  });
  setHandler(backtestProgressQuery, () => board.progress(), {
    description: 'State, fits done and to come, time left',
  });
  upsertSearchAttributes([
    { key: modelAttribute, value: input.name },
    { key: stageAttribute, value: 'backtest' },
  ]);
  board.describe(control.paused);

  const whole = await planRollingBacktest(input);
  const plan = settledPlan.parse(whole);
  upsertSearchAttributes([{ key: regionsAttribute, value: plan.regions }]);
  board.learn(whole);
  const queue = [...whole.missing];
  while (queue.length > 0) {
    await control.whileNotPaused();
    await fit(queue.splice(0, LARGEST_BATCH));
    if (queue.length === 0 || !isHistoryLong(EVENTS_BEFORE_CONTINUING)) continue;
    await condition(allHandlersFinished);
    await continueAsNew<typeof backtestWorkflow>(input, board.carry(control.paused));
  }
  await control.whileNotPaused();
  board.enter('merging');
  const merged = await mergeRollingBacktest({ input, plan });
  board.enter('reporting');
  const { report } = await writeBacktestReport({ name: input.name, backtest: merged.dataset });
  board.close(merged, report.uri);
  const { total: units, reusedUnits: unitsReused } = board;
  const { issues, stretches } = whole;
  return { ...merged, report, stretches: stretches.length, issues, units, unitsReused };

  async function fit(units: number[]): Promise<void> {
    const workflowId = `${workflowInfo().workflowId}/fits-${units[0]! + 1}`;
    // A batch of a run that was ended may take a moment to end too.
    const child = await whenFree(() =>
      startChild(backtestBatchWorkflow, {
        workflowId,
        args: [{ input, plan, units }],
        staticSummary: `${units.length} fits of ${input.name}`,
      }),
    );
    await control.withChild(child, child.result());
  }
}
