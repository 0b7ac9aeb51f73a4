import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { abTestConfig, type ABTestRecord } from '../../src/contracts/ab-test.ts';
import { exposureOf, evaluationOf, noteExposures, noteOutcomes } from '../../src/ab-test/journal.ts';
import { FollowedTest } from '../../src/ab-test/followed.ts';
import { requestName, unitKey, unitOf } from '../../src/ab-test/route.ts';
import { testUri } from '../../src/ab-test/store.ts';
import { CorruptArtifactError } from '../../src/errors.ts';
import { writeFileAtomic } from '../../src/lake/atomic-write.ts';
import { Home } from '../../src/lake/home.ts';

const AT = '2026-01-01T00:00:00.000Z';
const config = abTestConfig.parse({
  ...{ test_name: 'winter', control_model: 'day-ahead', treatment_model: 'day-ahead@2' },
  ...{ success_metric: 'rating', traffic_split: 0.5, min_samples: 30 },
});
const tested = (version: number) => ({ name: 'day-ahead', version, sha256: 'a'.repeat(64) });
const record: ABTestRecord = {
  ...{ formatVersion: 1, config, control: tested(1), treatment: tested(2), championGeneration: 1 },
  ...{ startedAt: AT, startedBy: 'ada', endsAt: AT, ending: null },
};
const unitOfUser = (user: string) => unitKey('winter', unitOf('', user));

/** A home in which the test runs, without any model. */
async function withTest(act: (home: Home) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'ringwatt-test-'));
  try {
    const home = await Home.open(root);
    await writeFileAtomic(home.path(testUri('winter', 'test.json')), JSON.stringify(record));
    await act(home);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

const expose = (home: Home, users: string[]) =>
  noteExposures(
    home,
    'winter',
    users.map((user) => exposureOf(record, { request: `${user}/1`, user, at: AT })),
  );

describe('a test that is followed', () => {
  it('says what all of its files say, however much of them was read at once', async () => {
    const step = fc.oneof(
      fc.record({ expose: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 30 }) }),
      fc.record({
        rate: fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 6 })), {
          maxLength: 30,
        }),
      }),
      fc.constant({ read: true }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) =>
        withTest(async (home) => {
          const followed = new FollowedTest(home, config);
          const others = new FollowedTest(home, config);
          for (const [i, done] of steps.entries()) {
            if ('expose' in done)
              await expose(
                home,
                done.expose.map((user) => `user-${user}`),
              );
            else if ('rate' in done) {
              const told = done.rate.map(([user, value]) => ({ request: `user-${user}/1`, value }));
              await noteOutcomes(home, 'winter', told, AT, i % 2 === 0 ? others : followed);
            } else await followed.read();
          }
          const whole = await evaluationOf(home, config);
          for (const each of [followed, others]) {
            const evaluation = await each.read();
            assert.deepEqual(evaluation.result(), whole.result());
            assert.deepEqual(evaluation.trajectory, whole.trajectory);
          }
        }),
      ),
      { numRuns: 25 },
    );
  });

  it('leaves a line without its end until it has one, and begins anew where a file was put back', () =>
    withTest(async (home) => {
      const followed = new FollowedTest(home, config);
      const assigned = async () => {
        const { control, treatment } = (await followed.read()).result();
        return control.assigned + treatment.assigned;
      };
      assert.equal(await assigned(), 0);
      await expose(home, ['ada', 'bob']);
      assert.equal(await assigned(), 2);
      const path = home.path('ab-tests/winter/exposures.jsonl');
      const text = await readFile(path, 'utf8');
      const [line] = text.replaceAll('ada', 'eve').split('\n');
      const third = line!.replace(unitOfUser('ada'), unitOfUser('eve'));
      await appendFile(path, third.slice(0, 40));
      assert.equal(await assigned(), 2);
      await appendFile(path, `${third.slice(40)}\n`);
      assert.equal(await assigned(), 3);
      await rm(path);
      await writeFile(path, text);
      assert.equal(await assigned(), 2);
      await appendFile(path, '{"at":1}\n');
      await assert.rejects(followed.read(), (error) => {
        assert.ok(error instanceof CorruptArtifactError);
        return error.message.startsWith('Line 3 of ab-tests/winter/exposures.jsonl is not');
      });
    }));

  it('counts outcomes of a user for the variant that the user was dealt, whatever the request', () =>
    withTest(async (home) => {
      await expose(home, ['ada', 'bob']);
      const named = (request: string, user: string) => requestName('winter', request, user);
      const outcomes = [
        { request: named('7', 'ada'), value: 4 },
        { request: named('8', 'ada'), value: 5 },
        { request: named('8', 'ada'), value: 5 },
        { request: '9', value: 5 },
        { request: named('x', 'eve'), value: 5 },
      ];
      const { account, unknown, evaluation } = await noteOutcomes(home, 'winter', outcomes, AT);
      assert.deepEqual(account, {
        ...{ taken: 2, repeated: 1, refused: 2 },
        refusals: ['9', named('x', 'eve')].map((request) => ({ request, reason: 'the request is unknown' })),
      });
      assert.deepEqual(
        unknown,
        outcomes.slice(3).map((outcome) => ({ ...outcome, at: AT })),
      );
      const { control, treatment } = evaluation.result();
      assert.deepEqual([control.units + treatment.units, control.outcomes + treatment.outcomes], [1, 2]);
      assert.deepEqual((await evaluationOf(home, config)).result(), evaluation.result());
    }));
});
