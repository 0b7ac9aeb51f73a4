import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReplayResult } from '../../src/validation/replay-stage.ts';
import { openGridHome, writeGrid, type GridHome } from '../validation/grid-home.ts';
import { hourly, loads, rowsOf } from '../validation/support.ts';
import { reasonOf, ringwatt } from './command.ts';

describe('validate, from the command line', () => {
  let opened: GridHome;
  let root: string;
  before(async () => {
    opened = await openGridHome();
    root = opened.context.home.root;
    const demand = hourly('D', loads(400)).map((cell) =>
      cell.hour === 300 ? { ...cell, value: 1900 } : cell,
    );
    await writeGrid(opened.context.home, { PACW: rowsOf(demand) });
  });
  after(() => opened.remove());

  const validate = (...args: string[]) => ringwatt(['validate', '--home', root, ...args]);
  const rules = async (text: string) => {
    const file = join(root, 'rules.json');
    await writeFile(file, text);
    return file;
  };

  it('says which quarantined rows other rules would let in, and lets them in', async () => {
    assert.equal((await validate('--regions', 'PACW')).code, 0);
    const file = await rules('{"spike": {"limits": {"change": 2}}}');
    const same = await validate('--replay');
    assert.match(same.stdout, /PACW spike +1 +0\n\n0 of 1 quarantined rows .* would pass now\n$/);
    const replayed = await validate('--replay', '--rules', file, '--json');
    const { rows, wouldPass } = JSON.parse(replayed.stdout) as ReplayResult;
    assert.deepEqual(rows, [{ region: 'PACW', verdict: 'spike', quarantined: 1, wouldPass: 1 }]);
    assert.equal(wouldPass, 1);
    const again = await validate('--regions', 'PACW', '--rules', file, '--json');
    const { reused, facts } = JSON.parse(again.stdout) as { reused: boolean; facts: object };
    assert.equal(reused, false);
    assert.deepEqual(facts, { regions: 1, hours: 400, demandOkPercent: 100, quarantinedRows: 0 });
  });

  it('names the rule or the field that there is not, and a file that is no JSON', async () => {
    const refused = async (text: string, reason: RegExp) => {
      const ended = await validate('--rules', await rules(text));
      assert.match(reasonOf(ended), reason);
      assert.equal(ended.code, 1);
    };
    await refused('{"spikes": {}}', /rules\.json are wrong: .*"spikes".* can be changed: schema, negative/);
    await refused('{"spike": {"limits": {"chnge": 2}}}', /spike\.limits: .*"chnge"/);
    await refused('{"spike"', /rules\.json cannot be read as JSON/);
    assert.match(
      reasonOf(await validate('--replay', '--period', '2018')),
      /Leave out --regions and --period/,
    );
  });
});
