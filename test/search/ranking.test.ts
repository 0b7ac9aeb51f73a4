import assert from 'node:assert/strict';
import { dueTrials, leaderboardOf } from '../../src/contracts/search-ranking.ts';
import type { SearchBracket, TrialRun } from '../../src/contracts/search.ts';
import { randomOf } from '../../src/model/random.ts';
import { halvingRungs } from '../../src/search/halving.ts';
import { reference } from '../support/fake-stages.ts';

const bracketOf = (count: number, eta = 3): SearchBracket => ({
  forecaster: 'trees',
  trials: Array.from({ length: count }, (_, i) => ({
    id: `t${String(i + 1).padStart(3, '0')}`,
    forecaster: 'trees',
    settings: { leaves: i + 2 },
  })),
  rungs: halvingRungs({ trials: count, eta, leastShare: 0 }),
});

function runOf(bracket: SearchBracket, trial: number, rung: number, mape: number | null): TrialRun {
  return {
    trial: bracket.trials[trial]!,
    rung,
    share: bracket.rungs[rung]!.share,
    state: mape === null ? 'failed' : 'scored',
    score: mape === null ? null : { dataset: reference('s'), reused: false, mape, byRegion: {} },
    model: null,
    seconds: 1,
    reason: mape === null ? 'It broke.' : null,
  };
}
const ids = (bracket: SearchBracket, runs: readonly TrialRun[]) =>
  dueTrials(bracket, runs).trials.map(({ id }) => Number(id.slice(1)) - 1);

describe('who goes on to the next rung', () => {
  it('are the best of the rung, ties as they were drawn; who failed has lost', () => {
    const bracket = bracketOf(9);
    const scores = [5, 4, null, 3, 4, 9, 4, 8, 7];
    const runs = scores.map((mape, trial) => runOf(bracket, trial, 0, mape));
    assert.deepEqual(ids(bracket, runs.slice(0, 7)), [7, 8], 'a rung is finished first');
    assert.deepEqual(ids(bracket, runs), [3, 1, 4]);
    assert.equal(dueTrials(bracket, runs).rung, 1);
    const second = [runOf(bracket, 3, 1, 3), runOf(bracket, 1, 1, 2.5), runOf(bracket, 4, 1, null)];
    assert.deepEqual(ids(bracket, [...runs, ...second]), [1]);
    assert.deepEqual(ids(bracket, [...runs, ...second, runOf(bracket, 1, 2, 2)]), []);
  });

  it('is nobody where all have failed', () => {
    const bracket = bracketOf(3);
    const runs = [0, 1, 2].map((trial) => runOf(bracket, trial, 0, null));
    assert.deepEqual(ids(bracket, runs), []);
  });

  it('leaves out who could not overtake the leader, who then takes the last rung at once', () => {
    const bracket = bracketOf(27);
    assert.deepEqual(
      bracket.rungs.map(({ trials }) => trials),
      [27, 9, 3, 1],
    );
    const first = bracket.trials.map((_, trial) => runOf(bracket, trial, 0, trial === 0 ? 3 : 10 + trial));
    // Nobody has gained more than a tenth by a rung: 10 cannot come below 2.9 in two of them.
    const second = [2.9, 10, 11, 12, 13, 14, 15, 16, 17].map((mape, trial) => runOf(bracket, trial, 1, mape));
    const due = dueTrials(bracket, [...first, ...second]);
    assert.deepEqual([due.trials.map(({ id }) => id), due.rung, due.dropped], [['t001'], 3, 2]);
    const close = second.map((run, trial) => (trial === 1 ? runOf(bracket, 1, 1, 3) : run));
    const before = first.map((run, trial) => (trial === 1 ? runOf(bracket, 1, 0, 3.2) : run));
    assert.deepEqual(ids(bracket, [...before, ...close]), [0, 1]);
  });

  it('is decided once: what came later changes no earlier rung, and all rungs end', () => {
    const random = randomOf('ranking');
    for (let round = 0; round < 200; round++) {
      const bracket = bracketOf(1 + Math.floor(random() * 40), 2 + Math.floor(random() * 3));
      const runs: TrialRun[] = [];
      const taken = new Map<number, string[]>();
      for (;;) {
        const { trials, rung } = dueTrials(bracket, runs);
        const [next] = trials;
        if (!next) break;
        const at = bracket.trials.indexOf(next);
        runs.push(runOf(bracket, at, rung, random() < 0.1 ? null : 1 + random()));
        taken.set(rung, [...(taken.get(rung) ?? []), next.id]);
      }
      for (const [rung, tried] of taken) {
        assert.equal(new Set(tried).size, tried.length, 'nothing is tried twice at a rung');
        assert.ok(tried.length <= bracket.rungs[rung]!.trials);
        if (rung === 0) continue;
        const before = runs.filter((run) => run.rung < rung).map(({ rung: each }) => each);
        const from = Math.max(...before);
        const passed = runs.filter((run) => run.rung === from && run.score);
        const worst = Math.max(...passed.filter(({ trial }) => tried.includes(trial.id)).map(mapeOf));
        const left = passed.filter(({ trial }) => !tried.includes(trial.id)).map(mapeOf);
        assert.ok(
          left.every((mape) => mape >= worst),
          'survivors are the best',
        );
      }
    }
  });
});

const mapeOf = (run: TrialRun) => run.score!.mape;

describe('a leaderboard', () => {
  it('has each configuration once, where it was scored last, best first', () => {
    const bracket = bracketOf(4);
    const lines = leaderboardOf([
      runOf(bracket, 2, 0, 4),
      runOf(bracket, 0, 0, 3),
      runOf(bracket, 1, 0, null),
      runOf(bracket, 2, 1, 2),
      { ...runOf(bracket, 0, 1, null), state: 'out of time', reason: null },
    ]);
    assert.deepEqual(
      lines.map(({ place, id, rung, mape, seconds, note }) => [place, id, rung, mape, seconds, note]),
      [
        [1, 't003', 1, 2, 2, ''],
        [2, 't001', 0, 3, 2, 'out of time'],
        [3, 't002', 0, null, 1, 'failed: It broke.'],
      ],
    );
  });
});
