import assert from 'node:assert/strict';
import fc from 'fast-check';
import { firstIssueFrom, issuesOf, MEDIAN, QUANTILES } from '../../src/day-ahead/issue-table.ts';
import { BadInputError, CorruptArtifactError } from '../../src/errors.ts';
import {
  alreadyFitted,
  ensemble,
  fitEnsemble,
  FittedEnsemble,
  forecasterNamed,
  memberNamed,
} from '../../src/forecasters/index.ts';
import { STAYING_MUST_GAIN } from '../../src/forecasters/ensemble/weigh.ts';
import { fitWeights, mapeOf as mapeOfWeights } from '../../src/forecasters/ensemble/weights.ts';
import { context, copyOf, mapeOf, sampleTable } from './sample-table.ts';

const LEVELS = QUANTILES.length;
const TREES = { trees: { trees: 10, leaves: 4, learningRate: 0.3 } };
const RIDGE = { ridge: { lambdas: [0.1], rounds: 1 } };
const members = ['climatology', 'ridge', 'operator'].map((name) => memberNamed(name, RIDGE));
const settings = { members, validationDays: 60 };

const coverage = (table: ReturnType<typeof sampleTable>, values: Float64Array) => {
  const inside = Array.from(table.actual, (mw, cell) => {
    const at = cell * LEVELS;
    return Number(mw >= values[at + 1]! && mw <= values[at + LEVELS - 2]!);
  });
  return (100 * inside.reduce((a, b) => a + b, 0)) / inside.length;
};

describe('weights of an ensemble', () => {
  it('are never worse than the best member, nor negative, and sum to one', () => {
    const ratios = fc.array(fc.double({ min: 0.5, max: 1.5, noNaN: true }), { minLength: 20, maxLength: 20 });
    const property = fc.property(fc.array(ratios, { minLength: 1, maxLength: 4 }), (rows) => {
      const members = rows.map((row) => Float64Array.from(row));
      const weights = fitWeights(members, 1);
      const error = mapeOfWeights(members, weights);
      members.forEach((member) => assert.ok(error <= mapeOfWeights([member], [1]) + 1e-12));
      assert.ok(weights.every((weight) => weight >= 0));
      assert.ok(Math.abs(weights.reduce((a, b) => a + b, 0) - 1) < 1e-9);
    });
    fc.assert(property, { numRuns: 50 });
  });

  it('are halves where one lies as far above as the other below', () => {
    const above = Float64Array.from({ length: 50 }, () => 1.1);
    const below = Float64Array.from({ length: 50 }, () => 0.9);
    const weights = fitWeights([above, below], 1);
    assert.ok(Math.abs(weights[0]! - 0.5) < 1e-9);
    assert.deepEqual([...fitWeights([below], 1)], [1]);
  });
});

describe('ensemble', () => {
  const table = sampleTable({ issues: 400 });
  const knownBy = table.issuedAt[330]!;
  let fitted: FittedEnsemble;
  before(async () => (fitted = await fitEnsemble({ tables: [table], knownBy }, settings, context)));

  it('weighs its members on issues that they were not fitted on, and keeps only those with weight', () => {
    const { weights, scores, members: kept, validation } = fitted.details;
    assert.ok(weights['PACW']!['ridge']! > 0.9);
    const { ensemble: own, members: each } = scores['PACW']!;
    const best = Math.min(...Object.values(each).map((mape) => mape!));
    assert.ok(own! <= best * (1 + STAYING_MUST_GAIN) + 1e-9, `${own} % where one alone errs ${best} %`);
    assert.equal(validation.from, knownBy - 60 * 86_400);
    assert.deepEqual([...fitted.files().keys()], [...kept, 'ensemble']);
  });

  it('answers with ascending quantiles around its median, and not where nothing can be forecast', async () => {
    const later = copyOf(issuesOf(table, { from: 332, to: 340 }));
    later.base[5] = Number.NaN;
    const values = await fitted.predict(later);
    assert.ok(Number.isNaN(values[5 * LEVELS + MEDIAN]!));
    for (let i = 0; i < values.length; i++) {
      if (i % LEVELS > 0 && Math.floor(i / LEVELS) !== 5) assert.ok(values[i]! >= values[i - 1]!);
    }
    assert.ok(mapeOf(later, values, LEVELS, MEDIAN) < 2.5);
  });

  it('covers 76 to 84 of 100 hours with its 80 % intervals, though errors grow by half after the fit', async () => {
    const later = copyOf(issuesOf(table, { from: 332, to: 400 }));
    assert.ok(Math.abs(coverage(later, await fitted.predict(later)) - 80) < 4);
    const wide = sampleTable({ issues: 900, noise: 0.02 });
    wide.actual.forEach((mw, cell) => {
      const truth = wide.features[cell * 5 + 2]! * 0.05 - (wide.features[cell * 5 + 3]! || 0) * 0.03;
      const noise = Math.log(mw / wide.base[cell]!) - truth;
      if (cell >= 400 * 24) wide.actual[cell] = wide.base[cell]! * Math.exp(truth + 1.5 * noise);
    });
    const known = wide.issuedAt[400]!;
    const before = await fitEnsemble({ tables: [wide], knownBy: known }, settings, context);
    const after = issuesOf(wide, { from: 400, to: 900 });
    const last = issuesOf(after, { from: 250, to: 500 });
    const values = (await before.predict(after)).subarray(250 * 24 * LEVELS);
    const blind = await before.predict({ ...last, actual: last.actual.map(() => Number.NaN) });
    assert.ok(Math.abs(coverage(last, values) - 80) < 4, `${coverage(last, values)}`);
    assert.ok(coverage(last, blind) < 72, 'without what came since, they stay as narrow as they were');
  });

  it('answers alike whatever comes after the hours known at an issue', async () => {
    const later = issuesOf(table, { from: 332, to: 352 });
    const other = copyOf(later);
    const moment = later.issuedAt[10]!;
    other.validAt.forEach((validAt, cell) => {
      if (validAt + 3600 > moment) other.actual[cell]! *= 3;
    });
    const until = 11 * later.horizon * LEVELS;
    const [one, two] = await Promise.all([fitted.predict(later), fitted.predict(other)]);
    assert.deepEqual(one.subarray(0, until), two.subarray(0, until));
    assert.notDeepEqual(one, two);
  });

  it('comes back from its bytes as it was, equal fits giving equal bytes', async () => {
    const bytes = fitted.save();
    const again = ensemble(settings).load(bytes);
    const later = issuesOf(table, { from: 332, to: 340 });
    assert.deepEqual(again.save(), bytes);
    assert.deepEqual(await again.predict(later), await fitted.predict(later));
    const twice = await fitEnsemble({ tables: [table], knownBy }, settings, context);
    assert.deepEqual(twice.save(), bytes);
    assert.throws(() => ensemble(settings).load(bytes.subarray(0, bytes.length - 1)), CorruptArtifactError);
    assert.throws(
      () => FittedEnsemble.of(fitted.files(), []),
      /has a member ridge|has a member climatology|nothing here can read/,
    );
  });

  it('goes on from a fit with later issues: the same weights, newer members, errors that were made since', async () => {
    const later = await fitted.refit({ tables: [table], knownBy: table.issuedAt[360]! }, context);
    assert.deepEqual(later.details.weights, fitted.details.weights);
    assert.notDeepEqual(later.save(), fitted.save());
    await assert.rejects(later.refit({ tables: [table], knownBy }, context), /cannot know less/);
    await assert.rejects(fitted.refit({ tables: [], knownBy: Infinity }, context), BadInputError);
  });

  it('does not weigh a member on what it has seen', async () => {
    const data = { tables: [table], knownBy };
    const from = knownBy - 20 * 86_400;
    const { details } = await fitEnsemble(data, { ...settings, validationFrom: from }, context);
    assert.equal(details.validation.from, from);
    await assert.rejects(
      fitEnsemble(data, { ...settings, validationFrom: knownBy }, context),
      /trained on nearly all/,
    );
  });

  it('takes a model that is fitted already, trees, and a single member with intervals', async () => {
    const given = await memberNamed('ridge', RIDGE).fit({ tables: [table], knownBy }, context);
    const all = [alreadyFitted(given), memberNamed('trees', TREES)];
    const mixed = await fitEnsemble(
      { tables: [table], knownBy },
      { members: all, validationDays: 60 },
      context,
    );
    const later = issuesOf(table, { from: 332, to: 334 });
    const loaded = ensemble({ members: all, validationDays: 60 }).load(mixed.save());
    assert.deepEqual(await loaded.predict(later), await mixed.predict(later));
    for (const name of ['operator', 'latestKnown', 'climatology']) {
      const single = await forecasterNamed(name).fit({ tables: [table], knownBy }, context);
      assert.deepEqual([single.name, single.levels.length], [name, LEVELS]);
    }
  });

  it('refuses no members, one twice, and too short a time, and says so of an unknown name', async () => {
    const data = { tables: [table], knownBy };
    const fit = (these: typeof members, days = 60) =>
      fitEnsemble(data, { members: these, validationDays: days }, context);
    await assert.rejects(fit([]), /needs a member/);
    await assert.rejects(fit([members[0]!, members[0]!]), /climatology is given twice/);
    const first = firstIssueFrom(table, -Infinity);
    await assert.rejects(
      fitEnsemble({ tables: [table], knownBy: table.issuedAt[first]! + 10 * 86_400 }, settings, context),
      /less than 7 days/,
    );
    await assert.rejects(
      fitEnsemble({ tables: [table], knownBy: table.issuedAt[first]! - 1 }, settings, context),
      /No issue lies before/,
    );
    assert.throws(() => memberNamed('oracle'), /There is no forecaster oracle/);
    assert.throws(() => memberNamed('transformer'), /fitted by `train`/);
  });
});
