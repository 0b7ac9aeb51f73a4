import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Home } from '../../../src/lake/home.ts';
import { MissingDataError } from '../../../src/errors.ts';
import { httpDoor } from '../../../src/http/server.ts';
import { evaluationOf } from '../../../src/ab-test/journal.ts';
import { requestName } from '../../../src/ab-test/route.ts';
import type { ABAccount } from '../../../src/contracts/ab-test.ts';
import { Exposures } from '../../../src/serving/traffic/exposures.ts';
import { outcomeRoutes } from '../../../src/serving/traffic/outcome-routes.ts';
import { Outcomes, type OutcomeParts } from '../../../src/serving/traffic/outcomes.ts';
import { silentLogger } from '../../../src/stages/context.ts';
import { LastingConnection } from '../../../src/temporal/lasting-connection.ts';
import { NAME, crown, startWinter, withVersions } from './traffic-home.ts';

const NEVER = 2 ** 30;

function taking(home: Home, parts: Partial<OutcomeParts> = {}) {
  const common = { home, log: silentLogger };
  const exposures = new Exposures({ ...common, everyMs: NEVER });
  return { exposures, outcomes: new Outcomes({ ...common, exposures, settledMs: 0, ...parts }) };
}

const accountOf = ({ taken, repeated, refused }: ABAccount) => [taken, repeated, refused];

describe('outcomes of an A/B test in the path', () => {
  it('count by request, by user, and by any request of a user, each once', () =>
    withVersions(async (home) => {
      const test = await startWinter(home);
      const { exposures, outcomes } = taking(home);
      exposures.note(test, { requestId: 'r1' });
      for (const requestId of ['a1', 'a2']) exposures.note(test, { requestId, user: 'ada' });
      const later = requestName('winter', 'a2', 'ada');
      const told = await outcomes.tell(NAME, [
        { request: 'r1', value: 3 },
        { user: 'ada', value: 4 },
        { request: 'a2', user: 'ada', value: 5 },
        { request: later, value: 1 },
        { request: later, user: 'ada', value: 1 },
        { user: 'ada', value: 1 },
        { request: 'a2', value: 5 },
        { request: 'a2', user: 'bob', value: 5 },
        { request: 'r1', value: 9 },
      ]);
      assert.deepEqual([told.test, ...accountOf(told)], ['winter', 3, 4, 2]);
      assert.deepEqual(
        told.refusals.map(({ reason }) => reason),
        ['the request is unknown', 'the request is unknown'],
      );
      const { control, treatment } = (await evaluationOf(home, test.config)).result();
      assert.deepEqual([control.units + treatment.units, control.outcomes + treatment.outcomes], [2, 3]);
      const { record, result } = await outcomes.standing(NAME);
      assert.deepEqual(record, test);
      assert.deepEqual(result, (await evaluationOf(home, test.config)).result());
      const journal = await readFile(home.path('ab-tests/winter/outcomes.jsonl'), 'utf8');
      assert.equal(/\bada\b|\bbob\b/.test(journal), false);
    }));

  it('wait for what another process has answered and not written yet', () =>
    withVersions(async (home) => {
      const test = await startWinter(home);
      const other = taking(home).exposures;
      other.note(test, { requestId: 'r1', user: 'ada' });
      let attempts = 0;
      // It has written by the second attempt.
      const flush = async () => void (++attempts === 2 && (await other.flush()));
      const { outcomes } = taking(home, { exposures: { flush } });
      const asked = outcomes.tellTest('winter', [
        { user: 'ada', value: 4 },
        { user: 'eve', value: 4 },
      ]);
      assert.deepEqual([...accountOf(await asked), attempts], [1, 0, 1, 2]);
    }));

  it('are told to the workflow once a minute, which need not be there', () =>
    withVersions(async (home) => {
      const test = await startWinter(home);
      const nudged: string[] = [];
      const nudge = async (name: string) => {
        nudged.push(name);
        throw new Error('No server.');
      };
      const { exposures, outcomes } = taking(home, { nudge });
      exposures.note(test, { requestId: 'r1' });
      await outcomes.tell(NAME, [{ request: 'nobody', value: 1 }]);
      assert.deepEqual(nudged, []);
      for (const value of [3, 4]) await outcomes.tell(NAME, [{ request: 'r1', value }]);
      exposures.note(test, { requestId: 'r2' });
      await outcomes.tell(NAME, [{ request: 'r2', value: 2 }]);
      assert.deepEqual(nudged, ['winter']);
    }));

  it('are taken while the test answers, and no longer', () =>
    withVersions(async (home) => {
      const { outcomes } = taking(home);
      const tell = () => outcomes.tell(NAME, [{ request: 'r1', value: 1 }]);
      await assert.rejects(tell(), MissingDataError);
      await startWinter(home);
      assert.deepEqual(accountOf(await tell()), [0, 0, 1]);
      await crown(home, 2, 1);
      await assert.rejects(tell(), /No A\/B test answers for day-ahead/);
      await assert.rejects(outcomes.tell('other', []), /no model other/);
    }));

  it('come over HTTP, and what is wrong with them is told by the field', () =>
    withVersions(async (home) => {
      const test = await startWinter(home);
      const { exposures, outcomes } = taking(home);
      exposures.note(test, { requestId: 'a1', user: 'ada' });
      const temporal = new LastingConnection(() => undefined);
      const more = (app: Parameters<typeof outcomeRoutes>[0]) => outcomeRoutes(app, { outcomes });
      const door = httpDoor({ home, temporal, log: silentLogger, more });
      const url = `/models/${NAME}/ab-test`;
      const post = (payload: object, at = url) =>
        door.inject({ method: 'POST', url: `${at}/outcomes`, payload });
      try {
        const reply = await post({
          outcomes: [
            { user: 'ada', value: 4 },
            { user: 'eve', value: 4 },
          ],
        });
        assert.equal(reply.statusCode, 200, reply.body);
        assert.deepEqual(
          [reply.json<{ test: string }>().test, ...accountOf(reply.json())],
          ['winter', 1, 0, 1],
        );
        const standing = await door.inject(url);
        assert.equal(standing.statusCode, 200, standing.body);
        const { record, result } = standing.json<Awaited<ReturnType<Outcomes['standing']>>>();
        assert.equal(record.config.test_name, 'winter');
        assert.equal(result.control.outcomes + result.treatment.outcomes, 1);
        for (const wrong of [
          {},
          { outcomes: [] },
          { outcomes: [{ value: 4 }] },
          { outcomes: [{ user: 'ada', value: 'much' }] },
          { outcomes: [{ request: 'not a name', value: 4 }] },
          { outcomes: [{ user: 'ada', value: 4, more: 1 }] },
          { outcomes: Array.from({ length: 201 }, () => ({ user: 'ada', value: 4 })) },
        ]) {
          const refused = await post(wrong);
          assert.equal(refused.statusCode, 422, refused.body);
          assert.match(refused.body, /outcomes/);
        }
        assert.equal(
          (await post({ outcomes: [{ user: 'ada', value: 4 }] }, '/models/other/ab-test')).statusCode,
          404,
        );
        assert.equal((await door.inject('/models/Not%20One/ab-test')).statusCode, 400);
      } finally {
        await door.close();
        await temporal.close();
      }
    }));
});
