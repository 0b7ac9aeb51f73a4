import assert from 'node:assert/strict';
import { Worker } from '@temporalio/worker';
import { WORKFLOWS } from '../../src/temporal/names.ts';
import { bundledWorkflows, temporal } from '../support/temporal.ts';
import { readHistory, recordedNames } from './histories.ts';

type History = Awaited<ReturnType<typeof readHistory>>;

const startOf = (history: History) => history.events![0]!.workflowExecutionStartedEventAttributes!;
const typeOf = (history: History) => startOf(history).workflowType!.name!;

const replay = async (history: History) =>
  Worker.runReplayHistory(
    { workflowBundle: await bundledWorkflows() },
    history,
    startOf(history).workflowId!,
  );

describe('recorded histories', () => {
  // The first one installs the runtime with its quiet logger.
  before(() => temporal());

  it('are there for every workflow', async () => {
    const histories = await Promise.all((await recordedNames()).map(readHistory));
    assert.deepEqual([...new Set(histories.map(typeOf))].toSorted(), Object.values(WORKFLOWS).sort());
  });

  it('replay with the workflows as they are now', async () => {
    const recorded = await Promise.all(
      (await recordedNames()).map(async (name) => {
        const history = await readHistory(name);
        return { workflowId: startOf(history).workflowId!, history };
      }),
    );
    // One worker for all: the bundle is read once.
    const bundle = { workflowBundle: await bundledWorkflows() };
    let replayed = 0;
    for await (const { workflowId, error } of Worker.runReplayHistories(bundle, recorded)) {
      assert.equal(error, undefined, `${workflowId}: ${error?.message}`);
      replayed++;
    }
    assert.equal(replayed, recorded.length);
  }).timeout(180_000);

  it('would not replay if a workflow did something else', async () => {
    const history = await readHistory('forecasting-pipeline');
    for (const { activityTaskScheduledEventAttributes: scheduled } of history.events!) {
      if (scheduled?.activityType?.name === 'validateSeries') scheduled.activityType.name = 'somethingElse';
    }
    await assert.rejects(replay(history), {
      name: 'DeterminismViolationError',
    });
  });
});
