import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRetraining, SHIPPED_CONFIG } from '../../schedules/retraining-file.ts';
import { retrainingConfig } from '../../src/contracts/retraining.ts';

describe('a retraining configuration', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'ringwatt-retraining-'))));
  after(() => rm(folder, { recursive: true, force: true }));

  async function fileOf(text: string, name = 'mine.yaml'): Promise<string> {
    const file = join(folder, name);
    await writeFile(file, text);
    return file;
  }

  it('ships with the defaults of the contract, all of them written out', async () => {
    const [shipped, ...more] = await readRetraining([SHIPPED_CONFIG]);
    assert.equal(more.length, 0);
    assert.deepEqual(shipped?.config, retrainingConfig.parse({ model_name: 'day-ahead' }));
    const hasDefault = (field: string) => Object.hasOwn(shipped!.config, field);
    for (const field of Object.keys(retrainingConfig.shape)) {
      const form = hasDefault(field) ? `\n${field}:` : `\n# ${field}:`;
      assert.ok(shipped!.text.includes(form), field);
    }
  });

  it('is whole with a name alone, and several fit into one file', async () => {
    const read = await readRetraining([
      await fileOf('model_name: south\nregions: [ERCO]\ndata_window_days: 42\n---\nmodel_name: west\n'),
    ]);
    assert.deepEqual(
      read.map(({ config }) => [config.model_name, config.regions.length, config.retrain_schedule]),
      [
        ['south', 1, '0 2 * * 0'],
        ['west', 5, '0 2 * * 0'],
      ],
    );
  });

  it('is refused by file, line and field, with what to do', async () => {
    for (const [text, says] of [
      [
        'model_name: a\n\nretrain_shedule: 0 2 * * 0\n',
        /mine\.yaml, line 3: "retrain_shedule" is not a field\. Did you mean retrain_schedule\?/,
      ],
      ['model_name: a\nregion: ERCO\n', /line 2: "region" is not a field\. Did you mean regions\?/],
      ['model_name: a\ncanary_share: 2\n', /line 2: canary_share: .* It is: Of forecast calls/],
      ['model_name: a\nregions:\n  - ERCO\n  - MARS\n', /line 4: regions\.1: /],
      ['model_name: A b\n', /line 1: model_name: must be 1 to 63 lower case/],
      ['# nothing else\nretrain: always\n', /line 2: model_name: /],
      [
        'model_name: a\nretrain_schedule: 0 2 1 * 0\n',
        /line 2: retrain_schedule: .*both the day of the month and the day of the week\. Write/,
      ],
      ['model_name: a\ndrift_schedule: 0 25 * * *\n', /line 2: drift_schedule: .* hour has 25/],
      ['model_name: a\ntime_zone: Berlin\n', /line 2: time_zone: The time zone "Berlin" is not known/],
      [
        'model_name: a\ningestion_schedule: */30 * * * *\n',
        /line 2: it is not YAML .*Put the expression in quotes/,
      ],
      ['model_name: a\nmodel_name: b\n', /line 2: it is not YAML \(Map keys must be unique/],
      ['model_name: a\n regions: [\n', /it is not YAML/],
      ['model_name: a\nregions: [ERCO]\n', /min_samples_threshold: 30 days of 1 region/],
      ['- model_name: a\n', /line 1: it has no fields/],
      ['', /it holds nothing/],
    ] as const) {
      const file = await fileOf(text);
      await assert.rejects(
        readRetraining([file]),
        (error: Error & { line: string }) => {
          assert.equal(error.name, 'BadInputError', text);
          assert.match(error.line, says, text);
          return true;
        },
        text,
      );
    }
    await assert.rejects(readRetraining([join(folder, 'absent.yaml')]), /There is no file/);
    await assert.rejects(readRetraining([folder]), /is a folder/);
  });

  it('of a model that another has, too, is refused', async () => {
    const [a, b] = [
      await fileOf('model_name: same\n', 'a.yaml'),
      await fileOf('model_name: same\n', 'b.yaml'),
    ];
    await assert.rejects(
      readRetraining([a, b]),
      /The model same is configured in .*a\.yaml and in .*b\.yaml/,
    );
    const twice = await fileOf('model_name: same\n---\nmodel_name: same\n');
    await assert.rejects(readRetraining([twice]), /mine\.yaml twice/);
  });
});
