import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { abTestInput } from '../../src/contracts/ab-test.ts';
import type { Plan } from '../../src/ab-test/plan.ts';
import { endOfABTest, extendABTest, startABTest, stopABTest } from '../../src/temporal/ab-tests.ts';
import { FakeStages } from '../support/fake-stages.ts';
import { withWorkers } from '../support/temporal.ts';
import { reasonOf, ringwatt } from './command.ts';
import { refusalOf } from './refusals.ts';

const CONFIG = `test_name: winter
control_model: day-ahead@1
treatment_model: day-ahead@2
success_metric: rating
success_threshold: 0.1
baseline: 3.6
baseline_sd: 1.1
`;

describe('ab', () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ringwatt-ab-'));
    file = join(folder, 'winter.yaml');
    await writeFile(file, CONFIG);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('plans by a file, and a flag counts before it', async () => {
    const ask = async (...flags: string[]) => {
      const { stdout } = await ringwatt([
        'ab',
        'plan',
        file,
        '--home',
        join(folder, 'h'),
        '--json',
        ...flags,
      ]);
      return (JSON.parse(stdout) as { plan: Plan }).plan.sequential;
    };
    const [tenth, half] = [await ask(), await ask('--traffic-split', '0.5')];
    assert.ok(half.users < tenth.users / 2, `${half.users} and ${tenth.users}`);
    assert.ok(Math.abs(half.control - half.treatment) <= 1);
  });

  it('says how to give what every test needs', async () => {
    const refused = await refusalOf(['ab', 'start', '--test-name', 'winter', '--home', join(folder, 'h')]);
    assert.match(
      refused,
      /^Not given: control_model, treatment_model\. Give --control-model, --treatment-model, or a YAML file/,
    );
  });

  it('names the file and the field that is wrong, and the test that is not there', async () => {
    const wrong = join(folder, 'wrong.yaml');
    await writeFile(wrong, `${CONFIG}trafic: 3\n`);
    const home = join(folder, 'h');
    const [field, name] = await Promise.all([
      ringwatt(['ab', 'plan', wrong, '--home', home]),
      ringwatt(['ab', 'rate', 'nobody', 'r1', '4', '--home', home]),
    ]);
    assert.match(reasonOf(field), /wrong\.yaml: Unrecognized key: "trafic"/);
    assert.match(reasonOf(name), /There is no A\/B test nobody/);
  });

  it('starts a test, refuses another under its name, and stops it', async () => {
    const stages = new FakeStages();
    stages.versions = [1, 2];
    const config = { test_name: 'winter', control_model: 'day-ahead@1', treatment_model: 'day-ahead@2' };
    const input = abTestInput.parse({ config, by: 'ada' });
    await withWorkers(stages.run, async (client) => {
      const begun = await startABTest(client, input);
      assert.deepEqual([begun.control?.version, begun.answersForecasts], [1, true]);
      assert.equal((await startABTest(client, input)).phase, 'running');
      const other = { ...input, config: { ...input.config, alpha: 0.01 } };
      await assert.rejects(startABTest(client, other), /was asked for something else: alpha/);
      await stopABTest(client, 'winter', { by: 'ada', reason: 'enough', promote: false });
      const { ending } = await endOfABTest(client, 'winter');
      assert.match(ending?.says ?? '', /^Stopped by ada: enough\. Go on/);
      const extension = { by: 'ada', reason: '', duration: '2d' };
      await assert.rejects(extendABTest(client, 'winter', extension), /No A\/B test winter runs/);
    });
  });
});
