import { MissingDataError, RingBrokenError } from '../../../src/errors.ts';
import { leaderboardQuery, pauseSignal, resumeSignal, stopSignal } from '../../../src/temporal/messages.ts';
import { PIPELINE_QUEUE, WORKFLOWS, workflowIds } from '../../../src/temporal/names.ts';
import { fakeSlot, registerSlots } from '../../support/fake-slots.ts';
import { FakeStages, reference } from '../../support/fake-stages.ts';
import { withWorkers } from '../../support/temporal.ts';
import { until } from '../../support/until.ts';
import { writeHistory } from '../histories.ts';
import { keep, start } from './recorder.ts';

describe('recording histories of searches and backtests', function () {
  this.timeout(120_000);

  it('a search with a trial that fails, a pause, a stop, and regions left out', async () => {
    const stages = new FakeStages();
    const score = stages.table.scoreTrial;
    let scored = 0;
    stages.table.scoreTrial = async (input, options) => {
      if (input.forecaster === 'ridge' && scored++ === 0)
        throw new MissingDataError('No table.', 'Cut again.');
      return score(input, options);
    };
    const space = [
      { forecaster: 'ridge', settings: { huber: { kind: 'uniform', from: 0.2, to: 2 } } },
      {
        forecaster: 'transformer',
        settings: { learningRate: { kind: 'log-uniform', from: 1e-3, to: 1e-2 } },
      },
    ];
    const input = { space, trials: 6, eta: 2, crossRegion: true };
    await withWorkers(
      stages.run,
      async (client) => {
        await registerSlots(client, [1, 2]);
        const whole = await client.workflow.signalWithStart(WORKFLOWS.hyperparameterSearch, {
          workflowId: workflowIds.search('whole'),
          taskQueue: PIPELINE_QUEUE,
          args: [input],
          signal: pauseSignal,
        });
        await whole.signal(resumeSignal);
        await whole.result();
        await keep(client, 'hyperparameter-search', whole.workflowId);
        stages.table.scoreTrial = (asked, { signal }) =>
          asked.forecaster === 'transformer'
            ? new Promise((_, reject) =>
                signal.addEventListener('abort', () => reject(signal.reason as Error)),
              )
            : score(asked, { signal, progress: () => {} });
        const stopped = await start(client, WORKFLOWS.hyperparameterSearch, 'search/stopped', input);
        await until(async () => (await stopped.query(leaderboardQuery)).done > 1);
        await stopped.signal(stopSignal);
        await stopped.result();
        await keep(client, 'hyperparameter-search-stopped', stopped.workflowId);
      },
      [fakeSlot(1), fakeSlot(2)],
    );
  });

  it('a rolling backtest that loses a fit, pauses, and continues as new', async () => {
    const stages = new FakeStages();
    const fit = stages.table.backtestStretch;
    let lost = 0;
    stages.table.backtestStretch = (unit, options) => {
      if (lost++ === 1) throw new RingBrokenError('The process ended.', 'It is tried again.');
      return fit(unit, options);
    };
    await withWorkers(stages.run, async (client) => {
      const input = { sequences: reference('sequences'), forecasters: ['ridge', 'ensemble'], seeds: [1, 2] };
      const handle = await client.workflow.signalWithStart(WORKFLOWS.backtest, {
        workflowId: workflowIds.backtest('short'),
        taskQueue: PIPELINE_QUEUE,
        args: [input],
        signal: pauseSignal,
      });
      await handle.signal(resumeSignal);
      await handle.result();
      await keep(client, 'backtest', handle.workflowId);
      await keep(client, 'backtest-batch', `${handle.workflowId}/fits-1`);
      stages.rolling.stretches = 50;
      const long = await start(client, WORKFLOWS.backtest, 'backtest/long', { ...input, atOnce: 8 });
      await long.result();
      const first = client.workflow.getHandle(long.workflowId, long.firstExecutionRunId);
      await writeHistory('backtest-continued', await first.fetchHistory());
      await keep(client, 'backtest-goes-on', long.workflowId);
    });
  });
});
