import assert from 'node:assert/strict';
import { buildIssueTable } from '../../src/day-ahead/build.ts';
import { issuesOf, QUANTILES, MEDIAN, type IssueTable } from '../../src/day-ahead/issue-table.ts';
import { BadInputError, MissingDataError } from '../../src/errors.ts';
import { importanceOf } from '../../src/explain/importance.ts';
import { allMedians, mediansOf, type Explained, type ExplainedMember } from '../../src/explain/medians.ts';
import { movedBy } from '../../src/explain/moved-by.ts';
import { exchange, othersOf, stretchesOf } from '../../src/explain/stretches.ts';
import { climatology } from '../../src/forecasters/climatology.ts';
import { fitEnsemble } from '../../src/forecasters/ensemble/ensemble.ts';
import { asPublished } from '../../src/forecasters/as-published.ts';
import type { FittedForecaster } from '../../src/forecasters/forecaster.ts';
import { ERCO_CLOCK, FIRST, inventedRows } from '../day-ahead/invented-rows.ts';

const HOURS = 130 * 24;
const signal = new AbortController().signal;
const whole = buildIssueTable(inventedRows(HOURS), {
  ...ERCO_CLOCK,
  firstHour: FIRST,
  lastHour: FIRST + (HOURS - 1) * 3600,
  operator: true,
});
const table = issuesOf(whole, { from: 40, to: 125 });

/** Says base · e^column: nothing else of the features reaches it. */
const follows = (column: string, name = column): FittedForecaster => ({
  name,
  levels: [0.5],
  async predict({ base, features, columns }: IssueTable) {
    const at = columns.findIndex((candidate) => candidate.name === column);
    return base.map((mw, cell) => mw * Math.exp(features[cell * columns.length + at]!));
  },
  save: () => new Uint8Array(),
});
const member = (fitted: FittedForecaster, weight: number): ExplainedMember => ({
  fitted,
  weightIn: () => weight,
});
/** A whole whose weights stay. */
const made = (name: string, members: ExplainedMember[]): Explained => ({
  name,
  members,
  combine: ({ region }, medians) =>
    medians[0]!.map((_, cell) =>
      members.reduce(
        (sum, { weightIn }, m) => (medians[m] ? sum + weightIn(region) * medians[m][cell]! : sum),
        0,
      ),
    ),
});
const options = { repeats: 3, seed: 7, signal };

describe('exchange of issues', () => {
  it('gives every issue another of its stretch, and each once', () => {
    const donors = exchange(150, 1, 'ERCO');
    const bounds = stretchesOf(150);
    assert.deepEqual(
      [...donors].toSorted((a, b) => a - b),
      [...Array(150).keys()],
    );
    donors.forEach((donor, issue) => {
      assert.notEqual(donor, issue);
      const stretch = (i: number) => bounds.findIndex((bound) => bound > i);
      assert.equal(stretch(donor), stretch(issue));
    });
    assert.ok(bounds.length > 2 && bounds.every((bound, i) => i === 0 || bound - bounds[i - 1]! <= 90));
  });

  it('is decided by its seed', () => {
    assert.deepEqual(exchange(90, 1, 'ERCO'), exchange(90, 1, 'ERCO'));
    assert.notDeepEqual(exchange(90, 1, 'ERCO'), exchange(90, 2, 'ERCO'));
  });

  it('draws others of the same stretch, none twice', () => {
    const others = othersOf(70, 150, 20, 3);
    assert.equal(new Set(others).size, 20);
    assert.ok(!others.includes(70) && others.every((other) => Math.abs(other - 70) <= 90));
    assert.deepEqual(othersOf(0, 4, 20, 3).toSorted(), [1, 2, 3]);
  });
});

describe('permutation importance', () => {
  it('finds the one group that a forecaster looks at, and nothing in the others', async () => {
    const follower = follows('lag_7d');
    // A forecaster that is right: whatever it is deprived of costs.
    const right = { ...table, actual: await follower.predict(table) };
    const told = await importanceOf(right, made('lone', [member(follower, 1)]), options);
    const [lone, ...rest] = told.forecasters;
    assert.equal(lone!.mape, 0);
    assert.deepEqual([lone!.forecaster, rest.length], ['lone', 0]);
    const [first, ...others] = lone!.groups;
    assert.equal(first!.group, 'lags');
    assert.ok(first!.increase > 1 && first!.spread > 0 && first!.spread < first!.increase);
    for (const { increase, spread } of others) assert.deepEqual([increase, spread], [0, 0]);
    // A group without columns is not there, and no network means no sequence.
    const groups = lone!.groups.map(({ group }) => group).toSorted();
    assert.deepEqual(groups, ['calendar', 'lags', 'operator', 'recent', 'yearly']);
    const columns = Object.fromEntries(lone!.groups.map((group) => [group.group, group.columns]));
    assert.equal(
      Object.values(columns).reduce((a, b) => a + b),
      table.columns.length,
    );
  });

  it('says the same for the same seed', async () => {
    const run = (seed: number) =>
      importanceOf(table, made('lone', [member(follows('lag_7d'), 1)]), {
        ...options,
        seed,
        groups: ['lags'],
      });
    assert.deepEqual(await run(7), await run(7));
    const repeats = async (seed: number) => (await run(seed)).forecasters[0]!.groups[0]!.repeats;
    assert.notDeepEqual(await repeats(7), await repeats(8));
  });

  it('leaves the base alone, and says whose it is', async () => {
    const asked = { ...options, groups: ['operator' as const] };
    const { base, forecasters } = await importanceOf(table, made('base', [member(asBase, 1)]), asked);
    assert.equal(forecasters[0]!.groups[0]!.increase, 0);
    assert.equal(forecasters[0]!.mape, base.mape);
    assert.ok(base.operatorShare > 0.99);
  });

  it('tells of each member, and of the whole by their weights', async () => {
    const members = [member(follows('lag_7d'), 0.75), member(asBase, 0.25), member(follows('lag_2d'), 0)];
    const right = { ...table, actual: await members[0]!.fitted.predict(table) };
    const { forecasters } = await importanceOf(right, made('whole', members), {
      ...options,
      groups: ['lags'],
    });
    assert.deepEqual(
      forecasters.map(({ forecaster, weight }) => [forecaster, weight]),
      [
        ['whole', undefined],
        ['lag_7d', 0.75],
        ['base', 0.25],
      ],
    );
    const [wholeOf, lags, base] = forecasters.map(({ groups }) => groups[0]!.increase);
    assert.ok(base === 0 && wholeOf! > 0 && wholeOf! < lags!);
  });

  it('is, of the whole, what the ensemble itself answers', async () => {
    const knownBy = whole.issuedAt[100]!;
    const tables = [issuesOf(whole, { from: 30, to: 100 })];
    const settings = { members: [climatology, asPublished('persistence168')], validationDays: 20 };
    const fitted = await fitEnsemble({ tables, knownBy }, settings, { seed: 1, signal });
    // Its weights follow recent errors: a mean that is weighted once for all would be another forecast.
    assert.ok(fitted.details.adaptation['ERCO']);
    const weights = fitted.details.weights['ERCO']!;
    const ensemble: Explained = {
      name: 'ensemble',
      members: fitted.members.map((each) => member(each, weights[each.name]!)),
      combine: (given, medians) => fitted.combine(given, medians),
    };
    const said = await fitted.predict(table);
    const [first, ...own] = await allMedians(ensemble, table, signal);
    first!.forEach((mw, cell) =>
      assert.ok(Math.abs(said[cell * QUANTILES.length + MEDIAN]! / mw - 1) < 1e-12),
    );
    assert.deepEqual(own, await Promise.all(fitted.members.map((each) => mediansOf(each, table))));
  });

  it('refuses groups that are not there, and a period without an outcome', async () => {
    const ask = (groups: ('weather' | 'sequence')[], given = table) =>
      importanceOf(given, made('base', [member(asBase, 1)]), { ...options, groups });
    await assert.rejects(ask(['weather']), (error: BadInputError) =>
      /no weather of ERCO/.test(error.message),
    );
    await assert.rejects(ask(['sequence']), (error: BadInputError) =>
      /No ring transformer/.test(error.message),
    );
    const future = { ...table, actual: table.actual.map(() => Number.NaN) };
    await assert.rejects(importanceOf(future, made('base', [member(asBase, 1)]), options), MissingDataError);
  });
});

describe('what moved a forecast', () => {
  it('is the group that it looks at', async () => {
    const moved = await movedBy(table, 20, made('lone', [member(follows('level_1d'), 1)]), {
      seed: 1,
      signal,
    });
    assert.equal(moved[0]!.group, 'recent');
    assert.ok(moved[0]!.change > 0.1 && moved[0]!.draws === 30);
    assert.ok(moved.slice(1).every(({ change }) => change === 0));
  });
});

const asBase: FittedForecaster = {
  name: 'base',
  levels: [0.5],
  predict: async ({ base }) => base.slice(),
  save: () => new Uint8Array(),
};
