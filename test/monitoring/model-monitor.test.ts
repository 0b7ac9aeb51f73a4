import assert from 'node:assert/strict';
import { BadInputError, ModelMonitor } from 'ringwatt';
import { randomOf, type Random } from '../../src/model/random.ts';

const normal = (random: Random) => {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
};

function rows(seed: string, count: number, mean = 0, deviation = 1): number[][] {
  const random = randomOf('rows', seed);
  return Array.from({ length: count }, () =>
    Array.from({ length: 5 }, () => mean + deviation * normal(random)),
  );
}

describe('the model monitor', () => {
  const monitor = new ModelMonitor();
  before(() => {
    monitor.registerModel('risk_model', rows('reference', 1000));
  });

  it('says nothing of further rows of the same distribution, seed after seed', () => {
    for (const seed of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      assert.deepEqual(monitor.detectDrift('risk_model', rows(seed, 200)), [], seed);
    }
  });

  it('alerts on N(2, 1) and on N(0.5, 1.5), with messages and effects', () => {
    const shifted = monitor.detectDrift('risk_model', rows('shifted', 200, 2, 1));
    assert.deepEqual(
      shifted.map(({ kind, feature }) => [kind, feature]),
      [...['x1', 'x2', 'x3', 'x4', 'x5'].map((name) => ['data', name]), ['data', null]],
    );
    assert.match(
      shifted[0]!.message,
      /^x1 is distributed unlike the reference: PSI \d+\.\d+, KS 0\.\d+, p .*delta 0\.\d+\.$/,
    );
    assert.ok(shifted.every(({ severity, effect }) => severity === 'warning' && effect.size > 0.1));
    assert.ok(monitor.detectDrift('risk_model', rows('wider', 200, 0.5, 1.5)).length > 0);
  });

  it('gives the same figures for the same seed', () => {
    const once = monitor.examine('risk_model', rows('x', 200, 0.1));
    assert.deepEqual(monitor.examine('risk_model', rows('x', 200, 0.1)), once);
    assert.equal(once.features.length, 5);
    assert.ok(once.features.every(({ psi, psiNoise }) => psi > 0 && psiNoise === 9 * (1 / 1000 + 1 / 200)));
  });

  it('sees columns that have become dependent, though none has changed alone', () => {
    const random = randomOf('turned');
    const turned = Array.from({ length: 200 }, () => {
      const x = normal(random);
      return Array.from({ length: 5 }, () => 0.8 * x + 0.6 * normal(random));
    });
    const alerts = monitor.detectDrift('risk_model', turned);
    assert.deepEqual(
      alerts.map(({ kind, feature }) => [kind, feature]),
      [['data', null]],
    );
  });

  it('goes by thresholds of the model', () => {
    monitor.registerModel('strict', rows('reference', 1000), { thresholds: { psi: 0.01 } });
    monitor.registerModel('lax', rows('reference', 1000), { thresholds: { psi: 30, accuracy_drop: 0.9 } });
    const data = rows('slight', 200, 0.35);
    const single = (name: string) => monitor.detectDrift(name, data).filter(({ feature }) => feature);
    assert.ok(single('strict').length > single('risk_model').length);
    assert.deepEqual(single('lax'), []);
    assert.throws(() => monitor.registerModel('x', data, { thresholds: { psi: -1 } }), /psi/);
  });

  it('compares columns by name, categories among them, and values that are missing', () => {
    const random = randomOf('columns');
    const table = (count: number, cats: number, gone: number) => ({
      load: Array.from({ length: count }, () => (random() < gone ? null : normal(random))),
      kind: Array.from({ length: count }, () => (random() < cats ? 'cat' : 'dog')),
    });
    monitor.registerModel('columns', table(800, 0.5, 0.05));
    assert.deepEqual(monitor.detectDrift('columns', table(300, 0.5, 0.05)), []);
    const found = monitor.detectDrift('columns', table(300, 0.9, 0.6));
    assert.deepEqual(
      found.map(({ feature, message }) => [feature, /missing/.test(message)]),
      [
        ['load', true],
        ['kind', false],
      ],
    );
    assert.throws(() => monitor.detectDrift('columns', { load: [1, 2] }), /no column "kind"/);
    assert.throws(
      () => monitor.detectDrift('columns', { load: ['a', 'b'], kind: ['cat', 'dog'] }),
      /holds text/,
    );
  });

  describe('with outcomes', () => {
    const random = randomOf('outcomes');
    const inputs = (count: number) => Array.from({ length: count }, () => [normal(random), normal(random)]);
    const said = (data: number[][]) => data.map(([x]) => 100 + 5 * x!);
    const came = (data: number[][], noise: number, turn = 0) =>
      data.map(([x, y]) => 100 + 5 * x! + turn * y! + noise * normal(random));
    const reference = inputs(600);
    before(() => {
      monitor.registerModel('regressor', reference, {
        predictions: said(reference),
        actuals: came(reference, 2),
      });
    });

    it('is silent of a regressor that errs as it did', () => {
      const data = inputs(200);
      const outcomes = { predictions: said(data), actuals: came(data, 2) };
      assert.deepEqual(monitor.detectDrift('regressor', data, outcomes), []);
      const { scores } = monitor.examine('regressor', data, outcomes);
      assert.ok(Math.abs(scores!.now.accuracy - 0.984) < 0.005, 'accuracy is 1 − MAPE');
    });

    it('takes a few wild outcomes for no change of its errors', () => {
      const data = inputs(200);
      const actuals = came(data, 2);
      for (const row of [20, 21]) actuals[row]! += 60;
      const kinds = monitor
        .detectDrift('regressor', data, { predictions: said(data), actuals })
        .map(({ kind }) => kind);
      assert.ok(!kinds.includes('concept'), kinds.join());
    });

    it('tells worse performance, changed answers and changed errors apart', () => {
      const data = inputs(200);
      const kinds = (outcomes: object) => [
        ...new Set(monitor.detectDrift('regressor', data, outcomes).map(({ kind }) => kind)),
      ];
      assert.deepEqual(kinds({ predictions: said(data), actuals: came(data, 12) }), [
        'performance',
        'concept',
      ]);
      assert.deepEqual(kinds({ predictions: said(data).map((x) => x + 8) }), ['prediction']);
      assert.deepEqual(kinds({ predictions: said(data), actuals: came(data, 2, 1.5) }), ['concept']);
      const turned = monitor.detectDrift('regressor', data, {
        predictions: said(data),
        actuals: came(data, 2, 1.5),
      });
      assert.deepEqual(
        turned.map(({ feature }) => feature),
        ['x2'],
      );
    });

    it('scores a classifier by its labels: accuracy and F1', () => {
      const truth = reference.map(([x]) => x! > 0);
      monitor.registerModel('classifier', reference, { predictions: truth, labels: truth });
      const data = inputs(200);
      const labels = data.map(([x]) => x! > 0);
      assert.deepEqual(monitor.detectDrift('classifier', data, { predictions: labels, labels }), []);
      const wrong = labels.map((label, i) => (i % 4 === 0 ? !label : label));
      const alerts = monitor.detectDrift('classifier', data, { predictions: wrong, labels });
      const performance = alerts.filter(({ kind }) => kind === 'performance');
      assert.deepEqual(
        performance.map(({ severity, message }) => [severity, message.split(' ')[0]]),
        [
          ['critical', 'Accuracy'],
          ['critical', 'F1'],
        ],
      );
    });

    it('takes a baseline where the predictions of the reference are not at hand', () => {
      monitor.registerModel('scored', reference, { baseline: { accuracy: 0.99 } });
      const data = inputs(200);
      const outcomes = { predictions: said(data), actuals: came(data, 12) };
      assert.match(
        monitor.detectDrift('scored', data, outcomes)[0]!.message,
        /^Accuracy fell from 0\.990 to 0\.9/,
      );
    });

    it('refuses what does not fit together', () => {
      const data = inputs(5);
      const detect = (outcomes: object) => () => monitor.detectDrift('regressor', data, outcomes);
      assert.throws(detect({ predictions: [1, 2] }), /2 predictions for 5 rows/);
      assert.throws(detect({ predictions: said(data), actuals: [1, 2, 3, 4, Number.NaN] }), BadInputError);
      assert.throws(detect({ actuals: said(data), labels: [1, 1, 1, 1, 1] }), /actuals and labels/);
      assert.throws(() => monitor.detectDrift('nobody', data), /No model nobody/);
      assert.throws(() => monitor.detectDrift('regressor', [[1], [2, 3]]), /Row 2/);
      assert.throws(
        () =>
          monitor.detectDrift('regressor', [
            [1, Infinity],
            [2, 3],
          ]),
        /Infinity/,
      );
    });
  });
});
