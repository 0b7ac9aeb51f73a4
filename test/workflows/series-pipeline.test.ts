import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';
import { seriesPipelineResult } from '../../src/contracts/series.ts';
import { BadInputError } from '../../src/errors.ts';
import { rootFailure } from '../../src/temporal/failures.ts';
import { pauseSignal, resumeSignal, seriesProgressQuery } from '../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS } from '../../src/temporal/names.ts';
import { decideSeriesPromotion } from '../../workflows/series-promotion.ts';
import { CSV_INPUT, FakeSeriesStages } from '../support/fake-series.ts';
import { fakeSlot, registerSlots } from '../support/fake-slots.ts';
import { reference, seriesScoreOf } from '../support/fake-stages.ts';
import { withWorkers } from '../support/temporal.ts';
import { until } from '../support/until.ts';

const start = (client: Client, workflowId: string, input: object) =>
  client.workflow.start(WORKFLOWS.seriesPipeline, { workflowId, taskQueue: PIPELINE_QUEUE, args: [input] });

const execute = async (client: Client, workflowId: string, input: object) =>
  seriesPipelineResult.parse(await (await start(client, workflowId, input)).result());

describe('seriesPipelineWorkflow', () => {
  it('goes from a file to a champion, trains on a ring, and does nothing twice', async () => {
    const stages = new FakeSeriesStages();
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const first = await execute(client, 'series/mine', CSV_INPUT);
        assert.deepEqual(
          first.stages.map(({ stage, state }) => `${stage} ${state}`),
          [
            'read done',
            'cut done',
            'train done',
            'fit done',
            'backtest done',
            'register done',
            'promote done',
          ],
        );
        assert.deepEqual(first.model, { name: 'series', version: 1, champion: true, reused: false });
        assert.equal(stages.champion?.version, 1);
        const [asked] = stages.asked('backtestSeries') as { transformer: object; linear: object }[];
        assert.deepEqual(
          [asked!.transformer, asked!.linear],
          [reference('model'), reference('series-model')],
        );

        const second = await execute(client, 'series/mine', CSV_INPUT);
        assert.ok(second.stages.every(({ state }) => state === 'reused'));
        assert.match(second.promotion, /champion already/);
        assert.equal(stages.asked('writeChampion').length, 1);
      },
      [fakeSlot(1), fakeSlot(2)],
    );
  });

  it('leaves out the ring where only a linear model is asked for, pauses and goes on', async () => {
    const stages = new FakeSeriesStages();
    await withWorkers(stages.run, async (client) => {
      const handle = await client.workflow.signalWithStart(WORKFLOWS.seriesPipeline, {
        workflowId: 'series/linear',
        taskQueue: PIPELINE_QUEUE,
        args: [{ ...CSV_INPUT, architectures: ['linear'] }],
        signal: pauseSignal,
      });
      await until(async () => (await handle.query(seriesProgressQuery)).paused);
      assert.equal(stages.calls.length, 0);
      await handle.signal(resumeSignal);
      const { stages: lines } = seriesPipelineResult.parse(await handle.result());
      assert.deepEqual(
        lines.filter(({ state }) => state === 'skipped').map(({ stage }) => stage),
        ['cut', 'train'],
      );
      assert.equal(stages.asked('planTraining').length, 0);
    });
  });

  it('ends with the refusal of a file as the file was refused, and refuses an input by its field', async () => {
    const stages = new FakeSeriesStages();
    stages.table.readCsvSeries = () => {
      throw new BadInputError('Row 3: "x" in column date is not a time.', 'Write times as …');
    };
    await withWorkers(stages.run, async (client) => {
      const cause = (input: object) =>
        execute(client, 'series/bad', input).then(
          () => assert.fail('it ran'),
          (error: unknown) => (rootFailure(error) as Error).message,
        );
      assert.match(await cause(CSV_INPUT), /Row 3: "x" in column date is not a time\./);
      assert.match(await cause({ ...CSV_INPUT, targets: [] }), /targets/);
      assert.equal(stages.asked('readCsvSeries').length, 1);
    });
  });
});

describe('the promotion of a series', () => {
  const plan = {
    series: reference('series'),
    horizon: 96,
    context: 336,
    split: { unit: 'fractions', train: 0.7, validation: 0.1, test: 0.2 },
  } as const;
  const rival = { version: 1, seriesSha256: plan.series.sha256, mse: 0.5, ...plan };
  const tested = (mse: number) => ({
    dataset: reference('b'),
    reused: false,
    scores: [seriesScoreOf('blend', mse), seriesScoreOf('last value', 0.6)],
    chosen: 'blend',
    windows: { train: 1, validation: 1, test: 1 },
    coverage: 0.8,
  });

  it('asks for less error than every baseline, and than the champion on the same windows', () => {
    const decide = (mse: number, other: Parameters<typeof decideSeriesPromotion>[3]) =>
      decideSeriesPromotion('if-better', tested(mse), plan, other);
    assert.deepEqual(decide(0.4, null).promote, true);
    assert.match(decide(0.7, null).reason, /^Not promoted: last value errs less/);
    assert.deepEqual(decide(0.4, rival).promote, true);
    assert.match(
      decide(0.55, rival).reason,
      /^Not promoted: MSE 0\.5500 on the test part, the champion's 0\.5000/,
    );
    assert.match(decide(0.4, { ...rival, horizon: 24 }).reason, /scored on other windows/);
    assert.equal(decideSeriesPromotion('always', tested(0.7), plan, rival).promote, true);
    assert.equal(decideSeriesPromotion('never', tested(0.1), plan, null).promote, false);
  });
});
