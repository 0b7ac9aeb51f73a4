import assert from 'node:assert/strict';
import { BadInputError, UnavailableError } from '../../src/errors.ts';
import { ensemble, memberNamed } from '../../src/forecasters/index.ts';
import { FitThreads } from '../../src/forecasters/parts/threads.ts';
import { context, sampleTable } from './sample-table.ts';

const SETTINGS = {
  trees: { trees: 6, leaves: 6, leastRows: 20, rowShare: 0.5 },
  ridge: { lambdas: [0.03, 0.3] },
};
const tables = ['PACW', 'ERCO', 'MISO'].map((region, i) =>
  sampleTable({ region, seed: i, issues: 120, horizon: 6 }),
);
const knownBy = tables[0]!.issuedAt[110]!;
const architecture = (names: string[], settings: object = SETTINGS) =>
  ensemble({ members: names.map((name) => memberNamed(name, settings)), validationDays: 20 });
const ENDLESS = { trees: { trees: 100_000, leaves: 2, leastRows: 1 } };

describe('fits on threads', () => {
  it('give the same bytes on any number of threads as on none', async () => {
    const all = architecture(['climatology', 'ridge', 'trees', 'ridge-pooled', 'trees-pooled']);
    const plain = (await all.fit({ tables, knownBy }, context)).save();
    for (const count of [1, 2]) {
      await using threads = new FitThreads(count);
      const done: number[] = [];
      const progress = (share: number) => void done.push(share);
      const fitted = await all.fit({ tables, knownBy }, { ...context, threads, progress });
      assert.deepEqual(fitted.save(), plain, `${count} threads`);
      assert.deepEqual(
        done,
        done.toSorted((a, b) => a - b),
        'progress does not go back',
      );
      assert.equal(done.at(-1), 1);
    }
  });

  it('end when the fit is cancelled, with its reason, and serve the next one', async () => {
    await using threads = new FitThreads(2);
    const cancelled = new AbortController();
    const heard = Promise.withResolvers<void>();
    const fitting = architecture(['trees'], ENDLESS).fit(
      { tables, knownBy },
      { ...context, threads, signal: cancelled.signal, progress: () => heard.resolve() },
    );
    await heard.promise;
    cancelled.abort(new Error('enough'));
    await assert.rejects(fitting, /enough/);
    const next = await architecture(['ridge']).fit({ tables, knownBy }, { ...context, threads });
    assert.deepEqual(next.save(), (await architecture(['ridge']).fit({ tables, knownBy }, context)).save());
  });

  it('say what is wrong in its own type, and the other members end with the one that failed', async () => {
    await using threads = new FitThreads(4);
    const wrong = { ...ENDLESS, ridge: { holdoutDays: 1 } };
    const early = tables[0]!.issuedAt[1]!;
    const members = ['trees', 'ridge'].map((name) => memberNamed(name, wrong));
    const [trees, ridge] = members;
    const failing = ensemble({
      members: [trees!, { ...ridge!, fit: (data, own) => ridge!.fit({ ...data, knownBy: early }, own) }],
      validationDays: 20,
    });
    await assert.rejects(failing.fit({ tables, knownBy }, { ...context, threads }), (error) => {
      assert.ok(error instanceof BadInputError);
      assert.match(error.message, /too few to fit on/);
      return true;
    });
  });

  it('are missed when they end without an answer', async () => {
    await using threads = new FitThreads(1, { script: new URL('./dying-thread.ts', import.meta.url) });
    const fitting = architecture(['ridge']).fit({ tables, knownBy }, { ...context, threads });
    await assert.rejects(fitting, (error) => {
      assert.ok(error instanceof UnavailableError);
      assert.match(error.message, /exit code 7/);
      return true;
    });
  });
});
