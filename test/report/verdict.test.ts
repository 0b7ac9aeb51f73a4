import assert from 'node:assert/strict';
import type { RegionScores } from '../../src/backtest/scores.ts';
import { verdict } from '../../src/report/verdict.ts';

const none = { latestKnownAtOnce: null };
function scores(region: 'PACW' | 'MISO' | 'CAL', model: number, operator: number | null): RegionScores {
  const mape = { ...none, model, operator, latestKnown: 7, persistence48: 8, persistence168: 6 };
  const metrics = { hours: 10, mape, mae: mape, rmse: mape, mase: mape };
  return {
    region,
    overall: { region, ...metrics, beatsBaselines: model < 6 },
    onOperatorHours: metrics,
    byMonth: [],
    byLead: [],
    counts: { asked: 10, scored: 10, withoutActual: 0, withoutBaseline: 0, withoutModel: 0 },
    maseScaleMw: 1,
  };
}

describe('the verdict in words', () => {
  it('says who beats whom', () => {
    const [baselines, operators] = verdict([
      scores('PACW', 4, 5),
      scores('MISO', 3, 2.5),
      scores('CAL', 5, null),
    ]);
    assert.match(baselines!, /beats 48\u00a0h persistence.* in all 3 regions\.$/);
    assert.match(
      operators!,
      /more accurate than the operator's own forecast in PACW \(model 4\.00\u00a0%, operator 5\.00\u00a0%\)/,
    );
    assert.match(operators!, /The operator's own forecast is better in MISO/);
    assert.match(operators!, /No operator's forecast to compare with: CAL\.$/);
  });

  it('claims no lead that rounds away', () => {
    const [, operators] = verdict([scores('PACW', 5.06, 5.07)]);
    assert.match(operators!, /^It is level with the operator's own forecast in PACW/);
  });

  it('does not hide a region that loses, nor to whom', () => {
    const [baselines] = verdict([scores('PACW', 6.5, null), scores('MISO', 3, null)]);
    assert.equal(baselines, 'The model does not beat every persistence in PACW (168\u00a0h persistence).');
  });
});
