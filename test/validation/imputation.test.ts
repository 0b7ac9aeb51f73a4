import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { IMPUTATION, imputeFromPast } from '../../src/validation/index.ts';
import { IMPUTATION_METHODS } from '../../src/validation/imputation.ts';

const gapIn = (values: number[], hours: number[]) =>
  Float64Array.from(values, (value, hour) => (hours.includes(hour) ? Number.NaN : value));
const method = (code: number | undefined) => IMPUTATION_METHODS[code ?? -1];

describe('imputation from the past', () => {
  it('takes the same hour last week at the level of the last day', () => {
    // The first week stands at 100, the second at 110: 10 % more than the same hours a week before.
    const values = Array.from({ length: 200 }, (_unused, hour) => (hour < 168 ? 100 : 110));
    const filled = imputeFromPast(gapIn(values, [195]));
    assert.ok(Math.abs(filled.value[195]! - 110) < 1e-9);
    assert.equal(method(filled.method[195]), 'same_hour_last_week');
    assert.equal(filled.confidence[195], IMPUTATION.confidence.same_hour_last_week);
    assert.equal(filled.imputed[195], 1);
    assert.equal(filled.imputed[194], 0);
    assert.ok(Number.isNaN(filled.confidence[194]!));
  });

  it('falls back on yesterday, then on the last value', () => {
    const day = Array.from({ length: 50 }, (_unused, hour) => 100 + hour);
    const yesterday = imputeFromPast(gapIn(day, [49]));
    assert.equal(yesterday.value[49], 125);
    assert.equal(method(yesterday.method[49]), 'same_hour_yesterday');
    const last = imputeFromPast(Float64Array.of(7, Number.NaN, Number.NaN));
    assert.deepEqual([...last.value], [7, 7, 7]);
    assert.equal(method(last.method[1]), 'last_value');
  });

  it('lets a level at most double', () => {
    const values = Array.from({ length: 200 }, (_unused, hour) => (hour < 168 ? 100 : 900));
    assert.equal(imputeFromPast(gapIn(values, [195])).value[195], 200);
  });

  it('does not scale by the level of a gap twice', () => {
    const values = Array.from({ length: 400 }, (_unused, hour) => (hour < 168 ? 100 : 110));
    const gap = Array.from({ length: 205 }, (_unused, i) => 195 + i);
    const filled = imputeFromPast(gapIn(values, gap));
    assert.ok(Math.abs(filled.value[195]! - 110) < 1e-9);
    assert.ok(Math.abs(filled.value[363]! - 110) < 1e-9, 'hour 363 comes from hour 195, itself filled');
  });

  it('trusts a longer gap less, halving by the day', () => {
    const values = Array.from({ length: 400 }, () => 100);
    const gap = Array.from({ length: 72 }, (_unused, i) => 200 + i);
    const { confidence } = imputeFromPast(gapIn(values, gap));
    for (let hour = 201; hour < 272; hour++) assert.ok(confidence[hour]! < confidence[hour - 1]!);
    assert.ok(Math.abs(confidence[224]! / confidence[200]! - 0.5) < 1e-12);
  });

  it('never leaves more nulls than there were, keeps what was there, and looks only back', () => {
    const value = fc.oneof(
      { arbitrary: fc.double({ min: 900, max: 1100, noNaN: true }), weight: 6 },
      { arbitrary: fc.constant(Number.NaN), weight: 1 },
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 200, maxLength: 400 }), fc.nat(400), (list, cut) => {
        const values = Float64Array.from(list);
        const filled = imputeFromPast(values);
        const first = list.findIndex((one) => !Number.isNaN(one));
        filled.value.forEach((one, hour) => {
          assert.equal(Number.isNaN(one), first < 0 || hour < first);
          assert.equal(filled.imputed[hour] === 1, Number.isNaN(list[hour]!) && !Number.isNaN(one));
          if (!Number.isNaN(list[hour]!)) assert.equal(one, list[hour]);
          if (filled.imputed[hour] === 1) {
            assert.ok(filled.confidence[hour]! >= 0 && filled.confidence[hour]! <= 1);
          }
        });
        const head = imputeFromPast(values.slice(0, cut));
        assert.deepEqual(head.value, filled.value.slice(0, cut));
        assert.deepEqual(head.confidence, filled.confidence.slice(0, cut));
      }),
    );
  });
});
