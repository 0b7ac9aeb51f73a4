import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';
import { ingestionOutcome } from '../../src/contracts/ingestion.ts';
import { CorruptArtifactError, SourceFaultError, SourceRefusedError } from '../../src/errors.ts';
import { rootFailure } from '../../src/temporal/failures.ts';
import {
  ingestionDoneQuery,
  ingestionFailedQuery,
  ingestionMissingQuery,
  ingestionProgressQuery,
  pauseSignal,
  resumeSignal,
} from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS } from '../../src/temporal/names.ts';
import { FakeStages, windowOf } from '../support/fake-stages.ts';
import { withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';

const start = (client: Client, workflowId: string, ...args: unknown[]) =>
  client.workflow.start(WORKFLOWS.ingestion, { workflowId, taskQueue: PIPELINE_QUEUE, args });

const planOf = (years: number) => () => ({
  windows: Array.from({ length: years }, (_, index) => windowOf('CAL', 2000 + index)),
  estimate: { records: 1, requests: 1, seconds: 1 },
  period: { from: '2000-01-01T01', to: '2010-01-01T00' },
});

describe('ingestionWorkflow', () => {
  it('fetches every window of the plan, from no input at all, and sums up', async () => {
    const stages = new FakeStages();
    await withWorkers(stages.run, async (client) => {
      const handle = await start(client, 'ingestion/all');
      const outcome = ingestionOutcome.parse(await handle.result());
      assert.deepEqual(
        [outcome.records, outcome.pages, outcome.pagesReused, outcome.successRate],
        [300, 3, 0, 1],
      );
      assert.equal(await handle.query(ingestionDoneQuery), 3);
      assert.equal(await handle.query(ingestionMissingQuery), 0);
    });
  });

  it('tries again what time cures', async () => {
    const stages = new FakeStages();
    const fetch = stages.table.ingestWindow;
    let faults = 0;
    stages.table.ingestWindow = (...args) => {
      if (faults++ === 0) throw new SourceFaultError('HTTP 503.', 'It is tried again.');
      return fetch(...args);
    };
    await withWorkers(stages.run, async (client) => {
      const outcome = ingestionOutcome.parse(await (await start(client, 'ingestion/faulty')).result());
      assert.equal(outcome.failedWindows, 0);
      assert.equal(stages.asked('ingestWindow').length, 4);
    });
  });

  it('ends at once when the key is refused, and asks no further', async () => {
    const stages = new FakeStages({
      planIngestion: planOf(50),
      ingestWindow: () => {
        throw new SourceRefusedError('EIA refused the key.', 'Correct EIA_API_KEY.');
      },
    });
    await withWorkers(stages.run, async (client) => {
      await assert.rejects((await start(client, 'ingestion/refused')).result(), (error) => {
        const { message, type } = rootFailure(error) as Error & { type: string };
        assert.deepEqual(
          [type, message],
          ['SourceRefusedError', 'EIA refused the key. Correct EIA_API_KEY.'],
        );
        return true;
      });
      assert.ok(stages.asked('ingestWindow').length <= 8);
      assert.equal(stages.asked('completeIngestion').length, 0);
    });
  });

  it('begins no window while it is paused', async () => {
    const gate = Promise.withResolvers<void>();
    const stages = new FakeStages({ planIngestion: planOf(12) });
    const fetch = stages.table.ingestWindow;
    stages.table.ingestWindow = async (...args) => {
      await gate.promise;
      return fetch(...args);
    };
    await withWorkers(stages.run, async (client) => {
      const handle = await start(client, 'ingestion/paused');
      await until(() => stages.asked('ingestWindow').length === 8);
      await handle.signal(pauseSignal);
      await until(async () => (await handle.query(ingestionProgressQuery)).paused);
      gate.resolve();
      await until(async () => (await handle.query(ingestionDoneQuery)) === 8);
      assert.equal(stages.asked('ingestWindow').length, 8);
      await handle.signal(resumeSignal);
      await handle.result();
      assert.deepEqual(await handle.query(ingestionFailedQuery), []);
    });
  });

  it('keeps damage on disk from passing for a result', async () => {
    const stages = new FakeStages({
      completeIngestion: () => {
        throw new CorruptArtifactError('raw/x.json.gz is cut off.', 'Delete it.');
      },
    });
    await withWorkers(stages.run, async (client) => {
      const handle = await start(client, 'ingestion/corrupt');
      await assert.rejects(handle.result(), (error) => /cut off/.test((rootFailure(error) as Error).message));
    });
  });

  it('refuses a wrong input, by the name of the field', async () => {
    await withWorkers(new FakeStages().run, async (client) => {
      for (const [input, field] of [
        [{ from: '18' }, /from/],
        [{ regions: [] }, /regions/],
        [{ source: 'entsoe' }, /source/],
        [{ path: '/etc' }, /path/],
      ] as const) {
        const handle = await start(client, `ingestion/wrong-${field.source}`, input);
        await assert.rejects(handle.result(), (error) => field.test((rootFailure(error) as Error).message));
      }
    });
  });
});
