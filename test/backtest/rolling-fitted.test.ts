import assert from 'node:assert/strict';
import { fitForecasterInput } from '../../src/contracts/forecasters.ts';
import { rollingBacktestInput, settledPlan, unitAt } from '../../src/contracts/rolling-backtest.ts';
import { fitForecaster } from '../../src/forecasters/stage.ts';
import { mergeRollingBacktest } from '../../src/backtest/rolling/merge-stage.ts';
import { planRollingBacktest } from '../../src/backtest/rolling/plan-stage.ts';
import { backtestStretch } from '../../src/backtest/rolling/stretch-stage.ts';
import { rollingSequences } from './rolling-home.ts';
import { withHome } from './sample-home.ts';

describe('a rolling backtest of what was fitted', () => {
  it('fits its members anew, calibrates them, and scores it beside forecasters of the box', () =>
    withHome(async (context) => {
      const sequences = await rollingSequences(context, ['PACW']);
      const members = ['climatology', 'persistence168'];
      const { dataset: fitted } = await fitForecaster(
        context,
        fitForecasterInput.parse({ sequences, members, validationDays: 14 }),
      );
      const input = rollingBacktestInput.parse({
        ...{ sequences, fitted, forecasters: ['climatology', 'fitted'], refitDays: 10 },
      });
      const plan = await planRollingBacktest(context, input);
      for (const unit of plan.missing) await backtestStretch(context, unitAt(unit, input, plan));
      const merged = await mergeRollingBacktest(context, { input, plan: settledPlan.parse(plan) });
      const [{ mape, coverage }] = merged.scores as [(typeof merged.scores)[0]];
      assert.equal(merged.model, 'fitted');
      // The week's demand comes again but for the wobble: a member that says so gets the weight.
      assert.ok(mape['model']! < mape['climatology']!, JSON.stringify(mape));
      assert.ok(Math.abs(mape['model']! - mape['persistence168']!) < 0.3, JSON.stringify(mape));
      assert.ok(coverage['0.8']! > 0.5 && coverage['0.8']! < 1, JSON.stringify(coverage));
    }));

  it('is named where a manifest is given, and only there', () => {
    const sequences = { uri: 'manifests/x.json', sha256: 'a'.repeat(64), bytes: 1 };
    for (const more of [{ forecasters: ['fitted'] }, { forecasters: ['ridge'], fitted: sequences }]) {
      const { error } = rollingBacktestInput.safeParse({ sequences, ...more });
      assert.match(error!.issues[0]!.message, /only there/);
    }
  });
});
