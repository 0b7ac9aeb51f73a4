import assert from 'node:assert/strict';
import { abTestConfig, type ABTestConfig } from '../../src/contracts/ab-test.ts';
import { detectable, planOf, varianceOf } from '../../src/ab-test/plan.ts';
import { effectOf } from '../../src/ab-test/statistics/effect.ts';
import {
  boundaryAt,
  designOf,
  fixedInformation,
  logOdds,
  tightest,
} from '../../src/ab-test/statistics/mixture.ts';
import { normalQuantile } from '../../src/ab-test/statistics/normal.ts';
import { logRatioOdds, SampleRatio } from '../../src/ab-test/statistics/sample-ratio.ts';
import { Tally } from '../../src/ab-test/statistics/tally.ts';
import { plannedUsers, randomOf, simulate, WORLDS } from '../../bench/ab-test/worlds.ts';

const near = (actual: number | null | undefined, expected: number, within = 1e-9) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= within, `${actual} is not ${expected}`);

const config = (changes: object): ABTestConfig =>
  abTestConfig.parse({ test_name: 't', control_model: 'a', treatment_model: 'b', ...changes });

describe('the statistics of an A/B test', () => {
  it('know the quantiles of the normal distribution', () => {
    near(normalQuantile(0.975), 1.959963984540054);
    near(normalQuantile(0.8), 0.8416212335729143);
    near(normalQuantile(1e-6), -4.753424308822899);
    near(normalQuantile(0.5), 0);
  });

  it('have the boundary where the odds against no effect are 1/α, lowest at the planned information', () => {
    const x = tightest(0.05);
    for (const at of [0.01, 1, x, 100]) near(logOdds(boundaryAt(at, 0.05), at), Math.log(20));
    near(boundaryAt(x, 0.05), Math.sqrt(1 + x));
    assert.ok(boundaryAt(x / 1.1, 0.05) > boundaryAt(x, 0.05));
    assert.ok(boundaryAt(x * 1.1, 0.05) > boundaryAt(x, 0.05));
    const { plannedInformation, priorVariance } = designOf({ alpha: 0.05, power: 0.8, threshold: 0.1 });
    near(priorVariance * plannedInformation, x);
    near(0.1 * Math.sqrt(plannedInformation) - normalQuantile(0.8), boundaryAt(x, 0.05));
  });

  it('count a user as a whole, however many outcomes it has', () => {
    const tally = new Tally();
    const ada = tally.add(null, 1, 1);
    tally.add(null, 3, 1);
    tally.add(ada, 0, 1);
    tally.add(null, 4, 2);
    // Users (1, 2), (3, 1), (4, 2): the ratio is 8/5, the residuals −2.2, 1.4 and 0.8.
    assert.deepEqual([tally.units, tally.outcomes], [3, 4]);
    near(tally.ratio, 1.6);
    near(tally.unitVariance(1.6), (2.2 ** 2 + 1.4 ** 2 + 0.8 ** 2) / 2 / (5 / 3) ** 2);
  });

  it('relate improvements to the control by the delta method, and turn them where less is better', () => {
    const [control, treatment] = [new Tally(), new Tally()];
    for (let i = 0; i < 1000; i++) control.addUnit(i % 2 === 0 ? 9 : 11, 1);
    for (let i = 0; i < 500; i++) treatment.addUnit(i % 2 === 0 ? 8 : 10, 1);
    const lower = effectOf(control, treatment, { kind: 'relative', higherIsBetter: false })!;
    near(lower.estimate, 0.1);
    // Both variances are n/(n − 1); the smaller one is drawn up to the common one by 500 users.
    const [c, t] = [1000 / 999, 500 / 499];
    const common = (1000 * c + 500 * t) / 1500;
    near(lower.variance, (t / 500 + (0.81 * (1000 * c + 500 * common)) / 1500 / 1000) / 100);
    near(effectOf(control, treatment, { kind: 'absolute', higherIsBetter: true })!.estimate, -1);
    assert.equal(effectOf(new Tally(), treatment, { kind: 'absolute', higherIsBetter: true }), null);
  });

  it('plan proportions, means and F1 for unequal shares', () => {
    const z = (normalQuantile(0.975) + normalQuantile(0.8)) ** 2;
    const conversion = config({ success_metric: 'conversion', baseline: 0.8, success_threshold: 0.05 });
    const users = (z / 0.05 ** 2) * (0.16 / 0.9 + (0.85 * 0.15) / 0.1);
    near(planOf(conversion)!.fixed.users, users, 2);
    near(planOf(conversion)!.fixed.treatment, 0.1 * users, 1);
    const ratio = planOf(conversion)!.sequential.users / users;
    assert.ok(ratio > 1.8 && ratio < 2, `${ratio}`);
    // A mean of 10 with a deviation of 5, better by a tenth where less is better: the treatment has 9.
    const mae = config({ success_metric: 'mae', baseline: 10, baseline_sd: 5, success_threshold: 0.1 });
    near(planOf(mae)!.fixed.users, (z / 0.01) * 0.25 * (0.81 / 0.9 + 1 / 0.1), 2);
    // F1 0.8 of 0.2 positives: F(1−F)(2−F)/(2·0.2).
    const f1 = config({ baseline: 0.8, positive_share: 0.2 });
    const variance = (value: number) => (value * (1 - value) * (2 - value)) / 0.4;
    near(varianceOf(f1)!(0.05), variance(0.8) / 0.9 + variance(0.85) / 0.1);
    assert.equal(planOf(config({ success_metric: 'rating' })), null);
    near(fixedInformation({ alpha: 0.05, power: 0.8, threshold: 1 }), z);
  });

  it('find what they would need as many users for', () => {
    const asked = config({ baseline: 0.8, users_per_day: 400, max_duration: '4w' });
    const { within, sequential } = planOf(asked)!;
    assert.equal(within!.users, 11_200);
    near(detectable(asked, varianceOf(asked)!, sequential.users), 0.05, 1e-4);
    assert.ok(within!.minimumDetectableEffect! < 0.05 && within!.minimumDetectableEffect! > 0.04);
  });

  it('have a linearisation of F1 that agrees with F1 as it varies', () => {
    const values: number[] = [];
    for (let test = 0; test < 400; test++) {
      const random = randomOf(31 * test + 1);
      const tally = new Tally();
      const world = WORLDS.find(({ config: { success_metric } }) => success_metric === 'f1_score')!;
      for (let i = 0; i < 300; i++) tally.addUnit(...world.draw(random, false));
      values.push(tally.ratio!);
    }
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    near(mean, 0.8, 0.005);
    // The deviation of a variance of 400 values is 7 % of it.
    near(variance / ((0.8 * 0.2 * 1.2) / (2 * 0.5) / 300), 1, 0.25);
  });

  it('follow the sample ratio user by user as the closed form does', () => {
    const ratio = new SampleRatio(0.1);
    const random = randomOf(5);
    let greatest = 0;
    for (let i = 0; i < 500; i++) {
      ratio.add(random() < 0.15);
      greatest = Math.max(greatest, logRatioOdds(ratio.treatment, ratio.control, 0.1));
    }
    near(ratio.greatest, greatest, 1e-8);
    for (let i = 0; i < 200; i++) ratio.add(true);
    assert.equal(ratio.broken, true);
    near(ratio.pValue, Math.exp(-ratio.greatest));
  });

  it('see no difference where none is, however often they are looked at, and the planned one where it is', () => {
    // Of 60 tests at 0.05 more than 8 differ with a chance of 0.3 %, fewer than 40 of 60 at 0.8 with one of 0.5 %.
    for (const world of WORLDS.filter(({ name }) => /^(proportions|F1)/.test(name))) {
      const users = plannedUsers(world);
      const runs = (improved: boolean) =>
        Array.from({ length: 60 }, (_, i) => simulate(world, { seed: 101 * i + 3, users, improved }));
      const crossed = runs(false).filter((run) => run.crossed).length;
      assert.ok(crossed <= 8, `${world.name}: ${crossed} of 60 differ`);
      const found = runs(true).filter(({ decision }) => decision === 'promote').length;
      assert.ok(found >= 40, `${world.name}: ${found} of 60 found`);
    }
  });

  it('count users who come back as users: as many outcomes from strangers would say more', () => {
    const world = WORLDS.find(({ perUser }) => perUser)!;
    const users = plannedUsers(world);
    const crossed = (strangers: boolean) =>
      Array.from({ length: 60 }, (_, i) =>
        simulate(world, { seed: 17 * i + 9, users, improved: false, strangers }),
      ).filter((run) => run.crossed).length;
    assert.ok(crossed(false) <= 8, `${crossed(false)} of 60 differ`);
    assert.ok(crossed(true) > 2 * crossed(false) + 3, `${crossed(true)} of 60 differ`);
  });
});
