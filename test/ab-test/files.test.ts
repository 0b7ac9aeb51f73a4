import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { ABTest } from 'ringwatt';
import { abTestConfig } from '../../src/contracts/ab-test.ts';
import { evaluationOf, noteExposure, noteOutcomes } from '../../src/ab-test/journal.ts';
import { renderABTestPage } from '../../src/ab-test/page.ts';
import { planOf } from '../../src/ab-test/plan.ts';
import { judgeABTest } from '../../src/ab-test/stage.ts';
import { changeTest, listTests, readTest, runningTest, startTest } from '../../src/ab-test/store.ts';
import { BadInputError, CorruptArtifactError, InUseError, MissingDataError } from '../../src/errors.ts';
import { answeringVersion } from '../../src/registry/answering.ts';
import { readChampion, registerModel, writeCanary, writeChampion } from '../../src/registry/stage.ts';
import type { StageContext } from '../../src/stages/context.ts';
import { withHome } from '../backtest/sample-home.ts';
import { rescored, scoredSample } from '../registry/scored-sample.ts';

const NAME = 'day-ahead';
const AT = '2026-01-01T00:00:00.000Z';
const config = (changes: object = {}) =>
  abTestConfig.parse({
    ...{ test_name: 'winter', control_model: NAME, treatment_model: 'day-ahead@2' },
    ...{ success_metric: 'rating', traffic_split: 0.5, ...changes },
  });
const start = (context: StageContext, changes: object = {}) =>
  startTest(context.home, { config: config(changes), by: 'ada', at: AT });

/** Version 1 is champion and knows PACW, version 2 knows no region. */
const withVersions = (act: (context: StageContext, hashes: string[]) => Promise<void>) =>
  withHome(async (context) => {
    const sample = await scoredSample(context);
    const hashes: string[] = [];
    for (const backtest of [sample.backtest, await rescored(context, sample, 'second')]) {
      hashes.push((await registerModel(context, { name: NAME, model: sample.model, backtest })).sha256);
    }
    await crown(context, 1, 1, hashes);
    await act(context, hashes);
  });

const crown = (context: StageContext, generation: number, version: number, hashes: string[]) =>
  writeChampion(context, {
    ...{ name: NAME, generation, version, sha256: hashes[version - 1]! },
    ...{ since: AT, previous: [] },
  });

const call = async () => ({ regions: [], issuedAt: '2019-05-01T16' });

describe('an A/B test in the home', () => {
  it('answers forecasts by the variant that the user was dealt, before any canary, and counts each call once', () =>
    withVersions(async (context, hashes) => {
      const { home } = context;
      const canary = { version: 2, share: 1, since: AT, generation: 1, championGeneration: 1 };
      await writeCanary(context, { name: NAME, generation: 1, canary: { ...canary, sha256: hashes[1]! } });
      const record = await start(context);
      assert.deepEqual([record.control.version, record.treatment.version], [1, 2]);
      const roles = new Set<string>();
      for (const user of ['ada', 'bob', 'eve', 'joe', 'kim', 'lee']) {
        const first = await answeringVersion(home, { name: NAME, user }, call);
        const again = await answeringVersion(home, { name: NAME, user, request: 'other' }, call);
        assert.equal(first.role, again.role);
        assert.equal(first.version.record.version, first.role === 'treatment' ? 2 : 1);
        assert.match(first.why, /A\/B test winter dealt this user the (control|treatment)/);
        roles.add(first.role);
        for (const answer of [first, first]) await answer.answered!();
        assert.equal(first.test!.name, 'winter');
      }
      assert.deepEqual([...roles].toSorted(), ['control', 'treatment']);
      const { control, treatment } = (await evaluationOf(home, record.config)).result();
      assert.equal(control.assigned + treatment.assigned, 6);
      const named = await answeringVersion(home, { name: NAME, version: 1 }, call);
      assert.equal(named.role, 'named');
      const strange = { regions: ['PACW'], issuedAt: '2019-05-01T16' };
      const unknown = await answeringVersion(home, { name: NAME, user: 'ada' }, async () => strange);
      assert.deepEqual([unknown.role, unknown.test], ['champion', undefined]);
      assert.match(unknown.why, /treatment of the A\/B test winter does not know PACW/);
    }));

  it('answers no more once another is champion, and says so', () =>
    withVersions(async (context, hashes) => {
      await start(context);
      await crown(context, 2, 1, hashes);
      const champion = await readChampion(context, { name: NAME });
      assert.equal(await runningTest(context.home, champion!), null);
      const { role } = await answeringVersion(context.home, { name: NAME }, call);
      assert.equal(role, 'champion');
      const look = await judgeABTest(context, { name: 'winter', outcomes: [], at: AT, over: false });
      assert.match(look.interrupted ?? '', /Version 1 of day-ahead became champion meanwhile/);
    }));

  it('takes an outcome of a request that is known once, and says why not of others', () =>
    withVersions(async (context) => {
      const { home } = context;
      const record = await start(context);
      for (const request of ['r1', 'r2', 'r3']) {
        await noteExposure(home, record, { request, user: `user of ${request}`, at: AT });
      }
      const told = [
        { request: 'r1', value: 4 },
        { request: 'r2', value: 9 },
        { request: 'r9', value: 4 },
        { request: 'r1', value: 1 },
        { request: 'r3' },
      ];
      assert.deepEqual((await noteOutcomes(home, 'winter', told, AT)).account, {
        ...{ taken: 1, repeated: 1, refused: 3 },
        refusals: [
          { request: 'r2', reason: 'value is not from 1 to 5' },
          { request: 'r9', reason: 'the request is unknown' },
          { request: 'r3', reason: 'value is missing' },
        ],
      });
      assert.equal((await noteOutcomes(home, 'winter', told.slice(0, 1), AT)).account.repeated, 1);
      const text = await readFile(home.path('ab-tests/winter/outcomes.jsonl'), 'utf8');
      assert.equal(text, `{"at":"${AT}","request":"r1","value":4}\n`);
      const exposures = await readFile(home.path('ab-tests/winter/exposures.jsonl'), 'utf8');
      assert.equal(exposures.includes('user of'), false);
      await Promise.all(
        ['r2', 'r3'].map((request) => noteOutcomes(home, 'winter', [{ request, value: 3 }], AT)),
      );
      const { control, treatment } = (await evaluationOf(home, record.config)).result();
      assert.equal(control.outcomes + treatment.outcomes, 3);
    }));

  it('reads past a line that a crash cut off, and refuses other damage', () =>
    withVersions(async (context) => {
      const { home } = context;
      const record = await start(context);
      await noteExposure(home, record, { request: 'r1', user: undefined, at: AT });
      await appendFile(home.path('ab-tests/winter/exposures.jsonl'), '{"at":"2026');
      await noteExposure(home, record, { request: 'r2', user: undefined, at: AT });
      const { control, treatment } = (await evaluationOf(home, record.config)).result();
      assert.equal(control.assigned + treatment.assigned, 2);
      await writeFile(home.path('ab-tests/winter/exposures.jsonl'), '{"at":1}\n');
      await assert.rejects(evaluationOf(home, record.config), CorruptArtifactError);
      await writeFile(home.path('ab-tests/winter/test.json'), '{}');
      await assert.rejects(readTest(home, 'winter'), CorruptArtifactError);
    }));

  it('begins once: the same again goes on, anything else is refused', () =>
    withVersions(async (context) => {
      const { home } = context;
      const record = await start(context);
      assert.deepEqual(
        await startTest(home, { config: config(), by: 'bob', at: '2026-02-01T00:00:00Z' }),
        record,
      );
      await assert.rejects(start(context, { alpha: 0.01 }), InUseError);
      await assert.rejects(
        start(context, { test_name: 'summer' }),
        /winter answers the forecasts of day-ahead/,
      );
      await assert.rejects(
        start(context, { test_name: 'x', treatment_model: 'day-ahead@7' }),
        MissingDataError,
      );
      await assert.rejects(start(context, { test_name: 'x', treatment_model: 'day-ahead@1' }), BadInputError);
      await assert.rejects(start(context, { test_name: 'x', control_model: 'nobody' }), MissingDataError);
      const ending = { at: AT, decision: 'keep', says: 'Keep it.', by: 'ada', promoted: false } as const;
      await changeTest(home, { name: 'winter', ending });
      await changeTest(home, { name: 'winter', ending: { ...ending, says: 'Again.' } });
      assert.equal((await readTest(home, 'winter'))!.ending!.says, 'Keep it.');
      await assert.rejects(start(context), /has ended: Keep it/);
      const { account: late } = await noteOutcomes(home, 'winter', [{ request: 'r1', value: 4 }], AT);
      assert.deepEqual(late.refusals, [{ request: 'r1', reason: 'the test has ended' }]);
      await start(context, { test_name: 'summer' });
      assert.deepEqual((await listTests(home)).map(({ config: { test_name: name } }) => name).toSorted(), [
        'summer',
        'winter',
      ]);
    }));

  it('is drawn as a page with its sequence, its counts and its ratio', () =>
    withVersions(async (context) => {
      const record = await start(context, { baseline: 3.6, baseline_sd: 1, min_samples: 30 });
      const test = new ABTest({ ...record.config, control_model: 'a', treatment_model: 'b' });
      for (let i = 0; i < 400; i++) {
        const variant = test.routeRequest(`r${i}`, `u${i}`);
        test.recordOutcome(`r${i}`, { value: 2 + (i % 3) + (variant === 'treatment' ? 1 : 0) });
      }
      const { result, trajectory } = test;
      assert.equal(result.decision, 'promote');
      assert.match(result.says, /^Promote the treatment: rating is better/);
      const page = renderABTestPage({
        record,
        result,
        trajectory: [...trajectory],
        plan: planOf(record.config),
      });
      assert.match(page, /<svg[^>]*aria-label="The improvement of the treatment/);
      assert.match(page, /That is chance/);
      assert.equal(/NaN|undefined/.test(page), false);
    }));
});

describe('an A/B test as a library', () => {
  const config = {
    test_name: 'lib',
    control_model: 'a',
    treatment_model: 'b',
    traffic_split: 0.5,
    min_samples: 30,
  };

  it('goes on until it can tell, keeps the control where the treatment cannot be better enough, and stops a broken one', () => {
    const test = new ABTest({ ...config, success_metric: 'conversion', success_threshold: 0.3 });
    assert.match(test.result.says, /Go on: the treatment has 0 users with an outcome of the 30/);
    const one = new ABTest({ ...config, success_metric: 'conversion', success_threshold: 0.3 });
    for (let i = 0; one.result.treatment.units === 0 || one.result.control.units === 0; i++) {
      one.routeRequest(`r${i}`, `u${i}`);
      one.recordOutcome(`r${i}`, { value: 1 });
    }
    assert.match(one.result.says, /Go on: the (treatment|control) has 1 user with an outcome of the 30/);
    for (let i = 0; i < 600; i++) {
      test.routeRequest(`r${i}`, `u${i}`);
      test.recordOutcome(`r${i}`, { value: i % 2 });
    }
    assert.equal(test.result.decision, 'keep');
    assert.match(test.result.says, /an improvement of \+0\.3 is excluded/);
    assert.ok(test.result.decidedAt);
    const broken = new ABTest({ ...config, success_metric: 'conversion' });
    // Whoever was dealt the control never arrives.
    for (let i = 0; i < 60; i++) {
      const users = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((letter) => `${letter}${i}`);
      const treated = users.find((user) => new ABTest(config).routeRequest('r', user) === 'treatment');
      if (treated) broken.routeRequest(`r${i}`, treated);
    }
    assert.equal(broken.result.decision, 'broken');
    assert.match(broken.result.says, /^Stop: 100 % of the users got the treatment instead of 50 %/);
  });

  it('says what is wrong with an outcome, and takes the first one', () => {
    const test = new ABTest(config);
    test.routeRequest('r1', 'ada');
    assert.throws(
      () => test.recordOutcome('r2', { predicted: true, actual: true }),
      /the request is unknown/,
    );
    assert.throws(() => test.recordOutcome('r1', { value: 1 }), /predicted and actual are missing/);
    test.recordOutcome('r1', { predicted: true, actual: true });
    test.recordOutcome('r1', { predicted: true, actual: false });
    assert.equal(test.result.control.outcomes + test.result.treatment.outcomes, 1);
  });

  it('refuses a configuration that makes no sense', () => {
    for (const [changes, expected] of [
      [{ treatment_model: 'a' }, /treatment_model: is the control itself/],
      [{ success_metric: 'clicks' }, /higher_is_better: must be given/],
      [{ success_metric: 'mape', higher_is_better: true }, /of mape, less is better/],
      [{ success_threshold: 1.5 }, /must be below 1/],
      [{ traffic_split: 1 }, /traffic_split/],
      [{ max_duration: '2y' }, /max_duration: must be hours, days or weeks/],
      [{ control_model: 'Day@0' }, /control_model: must be a registered model's name/],
    ] as const) {
      assert.throws(() => new ABTest({ ...config, ...changes }), expected);
    }
  });
});
