import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { IngestionActivities, SourceActivities } from '../activities/ingestion.ts';
import {
  ingestionInput,
  type IngestionOutcome,
  type IngestionPlan,
  type IngestionWindow,
  type WindowResult,
} from '../src/contracts/ingestion.ts';
import type { IngestionProgress } from '../src/contracts/progress.ts';
import { SourceFaultError } from '../src/errors.ts';
import { failureLine, isFinal } from '../src/temporal/failures.ts';
import { parseInput } from '../src/temporal/input.ts';
import {
  ingestionDoneQuery,
  ingestionFailedQuery,
  ingestionMissingQuery,
  ingestionProgressQuery,
} from '../src/temporal/messages.ts';
import { SOURCE_QUEUE, WORKFLOWS } from '../src/temporal/names.ts';
import { regionsAttribute, sourceAttribute } from '../src/temporal/search-attributes.ts';
import { duration, table } from './markdown.ts';
import { RunControl } from './run-control.ts';

/** Enough to keep the source's one worker busy; more would only make a pause or a failure later. */
const WINDOWS_AT_ONCE = 8;
const FAILURES_SHOWN = 20;

const { planIngestion, completeIngestion } = proxyActivities<IngestionActivities>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '15 seconds',
  retry: { maximumAttempts: 5 },
});

const { ingestWindow } = proxyActivities<SourceActivities>({
  taskQueue: SOURCE_QUEUE,
  // A decade of one region, at the hourly budget of a source that others use too.
  startToCloseTimeout: '12 hours',
  heartbeatTimeout: '15 seconds',
  // Some ten minutes of back-off: longer outages are for people, and a new run loses nothing.
  retry: { maximumAttempts: 15 },
});

/** Plans windows, fetches them, and closes with an account of what is present, missing, revised and quarantined. */
export async function ingestionWorkflow(raw?: unknown): Promise<IngestionOutcome> {
  const input = parseInput(ingestionInput, raw, WORKFLOWS.ingestion);
  const startedAt = Date.now();
  const totals: WindowResult = { records: 0, pages: 0, pagesReused: 0, bytes: 0, files: 0, quarantined: 0 };
  const failed: IngestionProgress['failed'] = [];
  // Queries and the pause may come before there is a plan.
  const planned: { plan?: IngestionPlan } = {};
  let done = 0;

  const control = new RunControl();
  const progress = (): IngestionProgress => ({
    windows: planned.plan?.windows.length ?? 0,
    done,
    missing: (planned.plan?.windows.length ?? 0) - done - failed.length,
    records: totals.records,
    pages: totals.pages,
    pagesReused: totals.pagesReused,
    bytes: totals.bytes,
    paused: control.paused,
    failed: failed.slice(0, FAILURES_SHOWN),
  });
  const describe = () => setCurrentDetails(details(progress(), input.mode, planned.plan));
  control.listen(describe);
  setHandler(ingestionProgressQuery, progress);
  setHandler(ingestionDoneQuery, () => progress().done, { description: 'Windows fetched' });
  setHandler(ingestionMissingQuery, () => progress().missing, { description: 'Windows to come' });
  setHandler(ingestionFailedQuery, () => progress().failed, { description: 'Windows given up, and why' });
  upsertSearchAttributes([
    { key: sourceAttribute, value: input.source },
    { key: regionsAttribute, value: input.regions },
  ]);
  describe();

  const plan = (planned.plan = await planIngestion(input));
  describe();
  await fetchWindows(plan.windows);
  refuseAnEmptyRun();
  const result = await completeIngestion({
    ingestion: input,
    period: plan.period,
    totals,
    windows: plan.windows.length,
    failedWindows: failed.length,
    seconds: (Date.now() - startedAt) / 1000,
  });
  return {
    ...result,
    pages: totals.pages,
    pagesReused: totals.pagesReused,
    failedWindows: failed.length,
  };

  async function fetchWindows(windows: readonly IngestionWindow[]): Promise<void> {
    const queue = [...windows];
    await CancellationScope.cancellable(async () => {
      const scope = CancellationScope.current();
      const lane = async () => {
        for (;;) {
          await control.whileNotPaused();
          const window = queue.shift();
          if (!window) return;
          await fetchOne(window).catch((error: unknown) => {
            // What no retry cures (a refused key, a full disk) the other windows would meet too.
            scope.cancel();
            throw error;
          });
        }
      };
      const lanes = await Promise.allSettled(Array.from({ length: WINDOWS_AT_ONCE }, lane));
      const reasons = lanes.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
      const first = reasons.find((reason) => !isCancellation(reason)) ?? reasons[0];
      if (first !== undefined) throw first;
    });
  }

  async function fetchOne(window: IngestionWindow): Promise<void> {
    try {
      const fetched = await ingestWindow(window);
      for (const field of Object.keys(totals) as (keyof WindowResult)[]) totals[field] += fetched[field];
      done += 1;
    } catch (error) {
      if (isCancellation(error) || isFinal(error)) throw error;
      const { route, region, from, to } = window;
      failed.push({ route, region, from, to, reason: failureLine(error).slice(0, 200) });
    }
    describe();
  }

  function refuseAnEmptyRun(): void {
    if (done > 0) return;
    throw ApplicationFailure.nonRetryable(
      failed[0]
        ? `No window could be fetched: ${failed[0].reason}`
        : 'The plan has no windows: nothing to fetch.',
      SourceFaultError.name,
    );
  }
}

function details(progress: IngestionProgress, mode: string, plan: IngestionPlan | undefined): string {
  if (!plan) return `**Planning the windows** (mode ${mode})`;
  const { windows, done, missing, records, pages, pagesReused, bytes, paused, failed } = progress;
  const head = `**${done} of ${windows} windows${paused ? ', paused' : ''}** (${plan.period.from} to ${plan.period.to} UTC, mode ${mode})`;
  const estimate = `Expected: ${plan.estimate.records} records, ${plan.estimate.requests} requests, about ${duration(plan.estimate.seconds)}`;
  const figures = table(
    ['records', 'pages', 'of them stored before', 'MB', 'windows missing', 'windows failed'],
    [[records, pages, pagesReused, (bytes / 1e6).toFixed(1), missing, failed.length].map(String)],
  );
  const trouble = failed.map(
    ({ route, region, from, reason }) => `- ${region} ${route} from ${from}: ${reason}`,
  );
  return [head, estimate, figures, trouble.join('\n')].filter((part) => part !== '').join('\n\n');
}
