import assert from 'node:assert/strict';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import { backtest } from '../../src/backtest/stage.ts';
import { engineerFeatures } from '../../src/features/stage.ts';
import { readManifest } from '../../src/lake/artifacts.ts';
import { cutSequences } from '../../src/sequences/stage.ts';
import { validate } from '../../src/validation/stage.ts';
import { sequencesInput } from '../../src/contracts/stages.ts';
import { withHome } from './sample-home.ts';
import { REGION, SCORE, TRAIN, trainedHome, writeModel } from './trained-home.ts';

describe('a model scored on a newer record than it was trained on', function () {
  it('has the very scores that its own dataset would give, and the hours that this one has not', () =>
    withHome(async (context) => {
      const made = await trainedHome(context);
      const issueHourLocal = 10;
      const own = await backtest(context, {
        ...{ model: made.model, sequences: made.sequences, score: SCORE, issueHourLocal },
      });
      // A record of before: the same hours, and it ends in the middle of the month.
      const before = await validate(context, {
        ...{ dataset: made.grid, regions: [REGION] },
        period: { from: TRAIN.from, to: '2019-03-15' },
      });
      const features = await engineerFeatures(context, { dataset: before.dataset, dtype: 'float32' });
      const old = await cutSequences(
        context,
        sequencesInput.parse({
          ...{ dataset: features.dataset, regions: [REGION], train: TRAIN },
          ...{ score: { from: '2019-03', to: '2019-03-15' }, sequenceLength: 336, stride: 168, horizon: 48 },
        }),
      );
      const model = await writeModel(context, old.dataset);
      const on = (newer: Partial<{ features: ArtifactReference }>, score = SCORE) =>
        backtest(context, { model, sequences: old.dataset, score, issueHourLocal, ...newer });

      const alone = await on({});
      const newer = await on({ features: made.features });
      assert.ok(alone.scores[0]!.hours < 15 * 24 + 1);
      assert.equal(newer.scores[0]!.hours, own.scores[0]!.hours);
      assert.ok(Math.abs(newer.scores[0]!.mape['model']! - own.scores[0]!.mape['model']!) < 1e-4);
      assert.equal(
        newer.scores[0]!.mase['model'],
        null,
        'the hours it was trained on are not in this dataset',
      );
      const { inputs } = await readManifest(context.home, newer.dataset, 'backtest');
      assert.notEqual(inputs[1]!.sha256, old.dataset.sha256);
      assert.deepEqual(await on({ features: made.features }), { ...newer, reused: true });

      // Its own dataset serves where it holds the hours of this very record.
      const within = await on({ features: features.dataset }, { from: '2019-03-02', to: '2019-03-14' });
      const direct = await readManifest(context.home, within.dataset, 'backtest');
      assert.equal(direct.inputs[1]!.sha256, old.dataset.sha256);
      await assert.rejects(
        on({ features: made.features }, { from: '2019-02-20', to: '2019-03' }),
        /overlaps the training period/,
      );
    }));
});
