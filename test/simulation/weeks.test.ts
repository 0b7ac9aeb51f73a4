import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulateYear } from '../../simulation/year.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import { readChampion } from '../../src/registry/champion.ts';
import { Home } from '../../src/lake/home.ts';
import { readJobs } from '../../src/jobs/ledger.ts';

// Real processes throughout, on a network that is hardly trained: what they decide is looked at, not how well they do.
describe('four weeks that run by themselves', () => {
  it('lose the source, the worker and a bad candidate, and go on', async function () {
    this.timeout(800_000);
    const folder = await mkdtemp(join(tmpdir(), 'ringwatt-weeks-'));
    try {
      const page = join(folder, 'weeks.html');
      const said: string[] = [];
      const result = await simulateYear(
        { weeks: 4, effort: 'small', region: 'PACW', home: join(folder, 'home'), page },
        (line) => said.push(line),
        AbortSignal.timeout(780_000),
      );
      const told = said.join('\n');
      const { retrains, alerts, mape, hours } = result;
      // The source was down at the first, nobody worked at the second, the third was deployed by hand, the fourth bad.
      assert.deepEqual(retrains, { run: 2, skipped: 0, refused: 2, rolledBack: 1, failed: 1 }, told);
      assert.ok(alerts.absentWork >= 2 && alerts.sent > alerts.absentWork, told);
      assert.ok(hours > 24 * 15 && mape.frozen > 0 && mape.continuous > 0, told);

      const home = await Home.open(join(folder, 'home'));
      const jobs = await readJobs({ home }, { model: 'day-ahead' });
      const reasonOf = (job: string, outcome: string) =>
        jobs.find((each) => each.job === job && each.outcome === outcome)?.reason ?? '';
      assert.match(reasonOf('retrain', 'failed'), /source is down/i);
      assert.match(reasonOf('retrain', 'refused'), /persistence is better|worse/);
      assert.match(reasonOf('deployment', 'rolled-back'), /Rolled back to version 1/);
      assert.equal((await readChampion({ home }, { name: 'day-ahead' }))!.version, 1);
      assert.equal((await verifyAudit(home)).ok, true);
      const drawn = await readFile(page, 'utf8');
      for (const expected of ['no worker', 'deployed by hand', 'work_absent', '<svg']) {
        assert.ok(drawn.includes(expected), expected);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
