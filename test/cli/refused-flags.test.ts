import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { z } from 'zod';
import { flagOf } from '../../src/cli/flag-names.ts';
import { explainInput } from '../../src/contracts/explain.ts';
import { championRecord } from '../../src/contracts/lifecycle.ts';
import { pipelineInput } from '../../src/contracts/pipeline.ts';
import { rollingBacktestInput } from '../../src/contracts/rolling-backtest.ts';
import { searchInput } from '../../src/contracts/search.ts';
import { seriesForecastInput, seriesPipelineInput, seriesRegisterInput } from '../../src/contracts/series.ts';
import { forecastInput, registerInput } from '../../src/contracts/stages.ts';
import { oneLine, quoted } from '../../src/errors.ts';
import { writeManifest } from '../../src/lake/artifacts.ts';
import { rollingSequences } from '../backtest/rolling-home.ts';
import { withHome } from '../backtest/sample-home.ts';
import { reference } from '../support/fake-stages.ts';
import { refusalOf } from './refusals.ts';

/** Each command line with the reason it must give. Nothing may have been started for it. */
async function refused(home: string, cases: [string, RegExp][]): Promise<void> {
  for (const [words, reason] of cases) {
    assert.match(await refusalOf([...words.split(' '), '--home', home]), reason, words);
  }
  assert.ok(!existsSync(`${home}/temporal.db`), 'a server was started');
}

describe('a flag that cannot be', () => {
  it('is named as it was typed, whatever the setting is called inside', () => {
    assert.equal(flagOf(['fit', 'members', 0]), '--members');
    assert.equal(flagOf(['inputs', 'contextHours']), '--context');
    assert.equal(flagOf(['window', 'slidingDays']), '--window');
    assert.equal(flagOf(['training', 'loss', 'peakWeight']), '--peak-weight');
    assert.equal(flagOf(['rolling']), '--rolling');
    assert.equal(flagOf(['score', 'to']), '--score');
    assert.equal(flagOf(['model'], { model: '--candidate' }), '--candidate');
  });

  it('is named by every verb', () =>
    withHome(async (context) => {
      await rollingSequences(context);
      await writeManifest(context.home, featuresManifest);
      await refused(context.home.root, [
        ['run --members ridge,sun', /: --members "sun": /],
        ['run --score-days 1', /: --score-days: /],
        ['sequences --context 3', /: --context: /],
        ['sequences --issue-hour 99', /: --issue-hour: /],
        ['forecast --issued-at yesterday', /: --issued-at: must be an hour such as/],
        ['explain --issued-at soon', /: --issued-at: must/],
        ['explain --groups sun', /: --groups "sun": /],
        ['fit --members ridge,sun', /^Wrong input: --members "sun": [^;]*$/],
        ['fit --through soon', /^Wrong input: --through: [^;]*$/],
        ['backtest --rolling --window 3', /: --window: /],
        ['backtest --rolling --score soon', /^Wrong input: --score: must be a date[^;]*$/],
        ['ingest --routes sun', /: --routes "sun": /],
        ['promote day-ahead 99999999999999999999', /^"9{20}" is not a version's number/],
      ]);
    }));
});

describe('a job that its data cannot carry', () => {
  it('is refused before anything is started: rolling backtests', () =>
    withHome(async (context) => {
      await rollingSequences(context, ['PACW']);
      const old = await writeManifest(context.home, searchable);
      await refused(context.home.root, [
        [
          'backtest --rolling --regions ERCO',
          /The sequences manifests\S+ hold PACW, not ERCO\. Name regions/,
        ],
        [
          'backtest --rolling --score 2030',
          /no issue .* 2030-01-01T01 .* have them for 2018-\S+ to 2018-03-20/,
        ],
        ['backtest --rolling --score 2018-02', /2018-02 to 2018-02 overlaps the training period 2018-01/],
        ['backtest --rolling --forecasters ridge,magic', /There is no forecaster magic\. There are .*ridge/],
        [
          `backtest --rolling --sequences ${old.uri}`,
          /has no issue tables: an older .* Cut the sequences again/,
        ],
      ]);
    }));

  it('is refused before anything is started: searches', () =>
    withHome(async (context) => {
      const { root } = context.home;
      await writeManifest(context.home, searchable);
      const space = `${root}/space.json`;
      await refused(root, [
        [
          'search --validation 2030',
          /2030 to 2030 does not end within the training period .* 2015-07 to 2018\./,
        ],
        ['search --validation 2019-05', /overlaps what the sequences score/],
        ['search --validation 2014', /Nothing is left to train on/],
        ['search --space nowhere.json', /nowhere\.json cannot be read/],
      ]);
      const family = (settings: object) => JSON.stringify([{ forecaster: 'ridge', settings }]);
      await writeFile(space, family({ halflife: { kind: 'uniform', from: 1, to: 2 } }));
      await refused(root, [[`search --space ${space}`, /A ridge has no setting halflife .* It has /]]);
      await writeFile(space, family({ huber: { kind: 'log-uniform', from: -1, to: 2 } }));
      await refused(root, [[`search --space ${space}`, /space\.json, 0\.settings\.huber\.from: Too small/]]);
    }));
});

describe('a model’s name', () => {
  it('is a folder’s and nothing else, wherever it is given', () =>
    withHome(async ({ home: { root } }) => {
      const verbs = [
        (name: string) => ['models', name],
        (name: string) => ['forecast', name],
        (name: string) => ['forecast', name, '--csv', 'x.csv'],
        (name: string) => ['explain', name],
        (name: string) => ['promote', name, '1'],
        (name: string) => ['rollback', name],
        (name: string) => ['run', '--model', name],
        (name: string) => ['train', '--csv', 'x.csv', '--time', 't', '--target', 'y', '--model', name],
      ];
      const names = {
        [`${'a'.repeat(60)}…`]: 'a'.repeat(300),
        '../x': '../x',
        'a\\u001b[2Jb': 'a\u001b[2Jb',
      };
      for (const verb of verbs) {
        for (const [shown, name] of Object.entries(names)) {
          assert.equal(
            await refusalOf([...verb(name), '--home', root]),
            `"${shown}" is not a model's name. Use 1 to 63 lower case letters, digits and dashes, a letter first, such as day-ahead.`,
          );
        }
      }
    }));

  it('is no other for workflows and stages that are asked without the command line', () => {
    const contracts: [z.ZodType, string][] = [
      [pipelineInput, 'model'],
      [seriesPipelineInput, 'model'],
      [searchInput, 'name'],
      [rollingBacktestInput, 'name'],
      [registerInput, 'name'],
      [seriesRegisterInput, 'name'],
      [forecastInput, 'name'],
      [seriesForecastInput, 'name'],
      [explainInput, 'name'],
      [championRecord, 'name'],
    ];
    for (const [contract, field] of contracts) {
      for (const name of [
        'a'.repeat(64),
        '../x',
        'a/b',
        'a\n',
        'a\u0000',
        '',
        '-a',
        '__proto__',
        'Größe',
        7,
      ]) {
        const issues = contract.safeParse({ [field]: name }).error?.issues ?? [];
        assert.ok(
          issues.some(({ path }) => path[0] === field),
          `${field} ${JSON.stringify(name)}`,
        );
      }
      const issues = contract.safeParse({ [field]: 'a'.repeat(63) }).error?.issues ?? [];
      assert.ok(!issues.some(({ path }) => path[0] === field), field);
    }
  });

  it('and whatever else is shown can neither flood a terminal nor steer it', () => {
    assert.equal(quoted('plain "x"'), '"plain \\"x\\""');
    assert.equal(quoted('a\u202eb'), '"a\\u202eb"');
    assert.equal(oneLine('one\n  two \u001b]0;title\u0007'), 'one two \\u001b]0;title\\u0007');
  });
});

const featuresManifest = {
  formatVersion: 1 as const,
  kind: 'features' as const,
  key: '00000000000000fe',
  madeBy: { stage: 'engineerFeatures', version: 1, settings: {} },
  inputs: [],
  files: [],
  rows: 1,
  details: {},
};

/** Sequences as an older Ringwatt cut them: a search cuts its own, and needs of these the periods alone. */
const searchable = {
  ...featuresManifest,
  kind: 'sequences' as const,
  key: '00000000000000aa',
  inputs: [reference('features')],
  details: {
    ...{ channels: ['row'], regions: ['PACW'], sequenceLength: 720, stride: 24, horizon: 48 },
    ...{
      windows: { PACW: [0] },
      train: { from: '2015-07', to: '2018' },
      score: { from: '2019', to: '2019' },
    },
  },
};
