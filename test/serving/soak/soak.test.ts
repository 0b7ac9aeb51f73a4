import assert from 'node:assert/strict';
import { soak } from '../../../bench/serving/soak.ts';

// `npm run -s bench -- serving --only short-soak` does it for two minutes and looks at memory, `--only soak` for thirty.
describe('serving under mixed load, with reloads and killed processes', () => {
  it('fails no request but those under way in a process that is killed, and answers each by one whole version', async function () {
    // Processes start anew again and again, and on a machine with other work each takes its time.
    this.timeout(300_000);
    const plan = { seconds: 12, killEverySeconds: 4, reloadEverySeconds: 2 };
    const { answers, reloads, kills, failures, lostWithProcess } = await soak(plan, () => undefined);
    assert.deepEqual(
      failures.map(({ reason }) => reason),
      [],
    );
    assert.ok(kills >= 1);
    assert.ok(reloads >= 1, `${reloads} reloads`);
    assert.ok(answers > 100, `${answers} answers`);
    // A connection asks one thing at a time: half of eight, and those that were handed to the dying process.
    assert.ok(lostWithProcess <= kills * 8, `${lostWithProcess} lost`);
  });
});
