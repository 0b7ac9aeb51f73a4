import assert from 'node:assert/strict';
import { forecastInput } from '../../../src/contracts/stages.ts';
import { MissingDataError, UnavailableError } from '../../../src/errors.ts';
import { Forecasts, type ForecastsOptions } from '../../../src/serving/forecasts/forecasts.ts';
import { ServingProblem } from '../../../src/serving/problem.ts';
import { silentLogger } from '../../../src/stages/context.ts';
import { withHome } from '../../backtest/sample-home.ts';
import { until } from '../../support/until.ts';

const table = new URL('./stages-of-a-test.ts', import.meta.url);

type Ask = (name: string, signal?: AbortSignal) => Promise<number>;

const withForecasts = (
  options: Partial<ForecastsOptions>,
  act: (ask: Ask, forecasts: Forecasts) => Promise<void>,
) =>
  withHome(async ({ home, config }) => {
    const forecasts = new Forecasts({
      ...{ config: { ...config, home: home.root }, log: silentLogger, table },
      ...options,
    });
    const ask: Ask = async (name, signal = new AbortController().signal) => {
      const result = await forecasts.ask(forecastInput.parse({ name }), signal);
      return (result as unknown as { pid: number }).pid;
    };
    try {
      await act(ask, forecasts);
    } finally {
      await forecasts.close();
    }
  });

const problemOf = (code: string) => (error: unknown) =>
  error instanceof ServingProblem && error.code === code;

describe('forecasts of a process that answers', () => {
  it('are computed in another process, which stays, one at a time; a refusal keeps its type', () =>
    withForecasts({}, async (ask, forecasts) => {
      const first = await ask('day-ahead');
      assert.notEqual(first, process.pid);
      const both = Promise.all([ask('slow'), ask('day-ahead')]);
      assert.deepEqual(forecasts.load, { waiting: 1, running: true });
      assert.deepEqual(await both, [first, first]);
      await assert.rejects(ask('none'), MissingDataError);
      assert.equal(await ask('day-ahead'), first);
      assert.deepEqual(forecasts.load, { waiting: 0, running: false });
    }));

  it('go on in a new process when theirs dies, which only the one under way notices', () =>
    withForecasts({}, async (ask) => {
      const first = await ask('day-ahead');
      const dying = ask('dies');
      const next = ask('day-ahead');
      await assert.rejects(dying, UnavailableError);
      assert.notEqual(await next, first);
    }));

  it('are refused when too many wait, with the time to come back after', () =>
    withForecasts({ mostWaiting: 2, graceMs: 50 }, async (ask, forecasts) => {
      await ask('day-ahead');
      const leaving = new AbortController();
      const running = ask('hangs', leaving.signal);
      await until(async () => forecasts.load.waiting === 0);
      const waiting = [ask('day-ahead'), ask('day-ahead')];
      await assert.rejects(ask('day-ahead'), (error) => {
        assert.ok(problemOf('RESOURCE_EXHAUSTED')(error));
        return (
          Number.isInteger((error as ServingProblem).retryAfter) && (error as ServingProblem).retryAfter! > 0
        );
      });
      leaving.abort(new Error('gone'));
      await assert.rejects(running, /gone/);
      const [one, other] = await Promise.all(waiting);
      assert.equal(one, other);
    }));

  it('are dropped when their caller leaves: in the queue at once, under way after a moment', () =>
    withForecasts({ graceMs: 50 }, async (ask, forecasts) => {
      const first = await ask('day-ahead');
      const leaving = new AbortController();
      const hanging = ask('hangs', leaving.signal);
      const queued = new AbortController();
      const waiting = ask('day-ahead', queued.signal);
      queued.abort(new Error('no patience'));
      await assert.rejects(waiting, /no patience/);
      assert.deepEqual(forecasts.load, { waiting: 0, running: true });
      leaving.abort(new Error('gone'));
      await assert.rejects(hanging, /gone/);
      assert.notEqual(await ask('day-ahead'), first);
    }));

  it('end when they take too long', () =>
    withForecasts({ longestMs: 2000 }, async (ask) => {
      await ask('day-ahead');
      await assert.rejects(ask('hangs'), problemOf('DEADLINE_EXCEEDED'));
    }));

  it('are refused, waiting or not, once the process ends', () =>
    withForecasts({}, async (ask, forecasts) => {
      const outcomes = [ask('hangs'), ask('day-ahead')].map((each) => each.catch((error: unknown) => error));
      await forecasts.close();
      for (const outcome of await Promise.all(outcomes)) assert.ok(outcome instanceof UnavailableError);
      await assert.rejects(ask('day-ahead'), UnavailableError);
    }));
});
