import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readRetraining } from '../../schedules/retraining-file.ts';
import { readChannels } from '../../src/alerts/channels.ts';
import { readRules } from '../../src/alerts/rules.ts';
import { abConfigOf } from '../../src/cli/ab-config.ts';
import { RingwattError } from '../../src/errors.ts';
import { Home } from '../../src/lake/home.ts';

describe('a YAML file that a person wrote', () => {
  let root: string;
  let home: Home;
  let file: string;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'ringwatt-yaml-'));
    home = await Home.open(join(root, 'home'));
    file = join(root, 'mine.yaml');
  });
  after(() => rm(root, { recursive: true, force: true }));

  const READERS: Record<string, (text: string) => Promise<unknown>> = {
    retraining: (text) => written(file, text, () => readRetraining([file])),
    'an A/B test': (text) => written(file, text, () => abConfigOf(file, {})),
    rules: (text) => written(home.path('alerts/rules.yaml'), text, () => readRules(home)),
    channels: (text) => written(home.path('alerts/channels.yaml'), text, () => readChannels(home, {})),
  };

  async function written(path: string, text: string, read: () => Promise<unknown>): Promise<unknown> {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return read();
  }

  async function refusal(reading: Promise<unknown>): Promise<string> {
    const error = await reading.then(
      () => assert.fail('it was taken'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof RingwattError, String(error));
    return error.line;
  }

  const SEVERAL: [string, string, RegExp[]][] = [
    [
      'retraining',
      'model_name: A b\nregion: ERCO\ncanary_share: 2\ntime_zone: Berlin\ncanry_hours: 3\n',
      [
        /mine\.yaml, line 1: model_name: .*given "A b"\)\. /,
        /Line 2: "region" is not a field\. Did you mean regions\?/,
        /Line 3: canary_share: .*given 2\)\. It is: /,
        /Line 4: time_zone: .*"Berlin"/,
        /Line 5: "canry_hours" is not a field\. Did you mean canary_hours\?$/,
      ],
    ],
    [
      'an A/B test',
      'test_name: A b\ncontrol_model: m@1\ntreatment_model: m@2\ntraffic_split: 3\ntrafic: 1\nfoo: 1\n',
      [
        /test_name: .* \(line 1, given "A b"\); /,
        /traffic_split: .* \(line 4, given 3\); /,
        /Unrecognized key: "trafic" \(line 5\); .*"foo" \(line 6\)/,
      ],
    ],
    [
      'rules',
      'alert_rules:\n  high:\n    condition: psi = 1\n    notification: [slack]\n  9:\n    {}\n',
      [/high\.condition: Column 5: .* \(line 3, given "psi = 1"\); /, /alert_rules\.9.* \(line 5/],
    ],
  ];
  for (const [which, text, all] of SEVERAL) {
    it(`of ${which} is refused by all that is wrong at once, each by line and value`, async () => {
      const says = await refusal(READERS[which]!(text));
      for (const each of all) assert.match(says, each);
    });
  }

  it('of channels is refused by all that is wrong, and by no value: it holds secrets', async () => {
    const text =
      'channels:\n  x:\n    kind: slack\n    url: secret-1\n  y:\n    kind: pager\n    routing_key: 5\n';
    const says = await refusal(READERS['channels']!(text));
    assert.match(says, /channels\.x\.url: .*\(line 4\); channels\.y\.routing_key: .*\(line 7\)/);
    assert.doesNotMatch(says, /secret-1|given/);
  });

  it('that is wrong from end to end is refused by the first ten', async () => {
    const fields = Array.from({ length: 13 }, (_, i) => `field_${i}: 1\n`).join('');
    assert.match(await refusal(READERS['an A/B test']!(fields)), /"field_6" \(line 7\); and 6 more\./);
    const says = await refusal(READERS['retraining']!(fields));
    assert.match(says, /"field_8"/);
    assert.doesNotMatch(says, /"field_9"/);
  });

  for (const [which, read] of Object.entries(READERS)) {
    it(`of ${which} is refused where it is larger than any that a person writes`, async () => {
      const big = `# ${'x'.repeat(100_000)}\n`;
      assert.match(await refusal(read(big)), /is larger than 100 kB/);
    });

    it(`of ${which} is refused where its aliases would fill the memory`, async () => {
      const lists = 'bcdefg'.split('').map((name, i) => {
        const before = 'abcdef'[i]!;
        return `${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]\n`;
      });
      assert.match(await refusal(read(`a: &a [x]\n${lists.join('')}`)), /(line \d+.*YAML|YAML.*line \d+)/);
    });
  }

  it('of several documents is refused by what is wrong in one, by its line', async () => {
    const read = READERS['retraining']!;
    assert.match(
      await refusal(read('model_name: a\n---\nmodel_name: b\nregions: [\n')),
      /mine\.yaml, line [45]: it is not YAML/,
    );
    assert.match(
      await refusal(read('model_name: a\n---\nmodel_name: b\nretrain_schedule: *nightly\n')),
      /mine\.yaml, line 4: it is not YAML \(Unresolved alias.*Put the expression in quotes/,
    );
  });

  it('is refused once by a line that is wrong at each of its words', async () => {
    const says = await refusal(READERS['retraining']!('model_name: a\nretrain_schedule: */5 * * * *\n'));
    assert.equal(says.match(/line 2/gi)?.length, 1, says);
    assert.match(says, /Put the expression in quotes/);
  });

  it('may be mended by a flag, which is named where it is wrong itself', async () => {
    const text = 'test_name: a\ncontrol_model: m@1\ntreatment_model: m@2\ntraffic_split: 3\n';
    await writeFile(file, text);
    assert.equal((await abConfigOf(file, { trafficSplit: 0.5 })).traffic_split, 0.5);
    assert.match(await refusal(abConfigOf(file, { trafficSplit: 7 })), /mine\.yaml: --traffic-split: /);
  });

  it('is no folder', async () => {
    assert.match(await refusal(abConfigOf(root, {})), /is a folder/);
  });
});
