import { rmSync } from 'node:fs';
import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import { sequencesInput } from '../../src/contracts/stages.ts';
import { firstHourOf, lastHourOf, toHourStamp } from '../../src/contracts/time.ts';
import { engineerFeatures } from '../../src/features/stage.ts';
import { onceByKey, readManifest, writeContent } from '../../src/lake/artifacts.ts';
import { sortRows, writeGridFile, yearOf, type GridRows } from '../../src/lake/grid-rows.ts';
import { Home } from '../../src/lake/home.ts';
import { readColumns } from '../../src/lake/parquet.ts';
import { encodeSafetensors } from '../../src/lake/safetensors.ts';
import { QUANTILES } from '../../src/day-ahead/issue-table.ts';
import { issueDetailsOf } from '../../src/day-ahead/read.ts';
import { modelConfig, type ModelConfig } from '../../src/model/config.ts';
import { layoutOf, initialWeights } from '../../src/model/parameters.ts';
import { randomOf } from '../../src/model/random.ts';
import { namedTensors } from '../../src/model/weights.ts';
import { detailsOf } from '../../src/backtest/dataset.ts';
import { columnsOf } from '../../src/sequences/issue-scaling.ts';
import { cutSequences } from '../../src/sequences/stage.ts';
import { availableAt } from '../../src/sources/availability.ts';
import type { StageContext } from '../../src/stages/context.ts';
import { validate } from '../../src/validation/stage.ts';
import { contextOf } from './sample-home.ts';

export const REGION = 'PACW';
export const TRAIN = { from: '2019-01', to: '2019-02' };
export const SCORE = { from: '2019-03', to: '2019-03' };
const SOURCE = fileURLToPath(new URL('../../data/grid/PACW.parquet', import.meta.url));

/** PACW's demand and its operator's forecast of January to March 2019 as rows of the grid. */
export async function shippedRows(): Promise<GridRows> {
  const columns = await readColumns(SOURCE, ['valid_at', 'demand_first_mw', 'forecast_mw']);
  const hours = columns.seconds('valid_at');
  const [from, to] = [firstHourOf(TRAIN.from), lastHourOf(SCORE.to)];
  const labels = ['D', 'DF'];
  const rows = ['demand_first_mw', 'forecast_mw'].flatMap((name, series) => {
    const values = columns.f64(name);
    return Array.from(hours, (validAt, i) => ({ series, validAt, value: values[i]! }));
  });
  const inside = rows.filter(
    ({ validAt, value }) => validAt >= from && validAt <= to && Number.isFinite(value),
  );
  return sortRows({
    length: inside.length,
    labels,
    series: Int32Array.from(inside, ({ series }) => series),
    validAt: Float64Array.from(inside, ({ validAt }) => validAt),
    value: Float64Array.from(inside, ({ value }) => value),
    availableAt: Float64Array.from(inside, ({ series, validAt }) =>
      availableAt(labels[series]!, validAt, REGION),
    ),
    basis: new Int32Array(inside.length),
  });
}

export async function writeGrid({ home }: StageContext, rows: GridRows, name: string) {
  const { reference } = await onceByKey(
    home,
    { kind: 'grid', stage: 'ingestion', version: 1, settings: { name }, inputs: [] },
    async () => {
      const year = yearOf(rows.validAt[0]!);
      const file = await writeGridFile(home, REGION, year, rows);
      const account = [
        {
          region: REGION,
          series: 'D',
          present: rows.length,
          missing: 0,
          revised: 0,
          quarantined: 0,
          firstHour: toHourStamp(Math.min(...rows.validAt)),
          lastHour: toHourStamp(Math.max(...rows.validAt)),
        },
      ];
      return { files: [{ ...file, region: REGION, year }], rows: rows.length, details: { account } };
    },
  );
  return reference;
}

const SMALL = { width: 8, layers: 1, heads: 1, mlpWidth: 16 };

interface Choice {
  issueHead?: boolean;
  size?: typeof SMALL;
  /** In place. */
  train?: (network: { config: ModelConfig; weights: Float32Array }) => Promise<void>;
}

/**
 * A model of real shape whose weights are random, unless `train` changes them: it answers something of its own at every
 * input.
 */
export async function writeModel(
  context: StageContext,
  sequences: ArtifactReference,
  { issueHead = false, size = SMALL, train }: Choice = {},
) {
  const { home } = context;
  const manifest = await readManifest(home, sequences, 'sequences');
  const { channels, horizon } = detailsOf(manifest);
  const own = columnsOf(issueDetailsOf(manifest).columns);
  const head = {
    columns: own.own.map(({ name }) => name),
    dayColumns: own.day.map(({ name }) => name),
    ...{ horizon: 24, hidden: 8, quantiles: [...QUANTILES], scale: 0.02 },
  };
  const unit = { outputScale: 0.05 };
  const model = {
    channels,
    regions: [REGION],
    horizon,
    ...size,
    ...unit,
    ...(issueHead && { issueHead: head }),
  };
  // As models of before grouped heads are stored.
  const config = modelConfig.parse(model);
  const layout = layoutOf(config);
  const random = randomOf('noise');
  const weights = initialWeights(layout, randomOf('start')).map((weight) => weight + (random() - 0.5) / 5);
  await train?.({ config, weights });
  const settings = { issueHead, ...(size === SMALL ? {} : size) };
  const work = { kind: 'training' as const, stage: 'ring-training', version: 1, settings };
  const { reference } = await onceByKey(home, { ...work, inputs: [sequences] }, async (key) => {
    const tensors = encodeSafetensors(namedTensors(weights, layout), {});
    const history = [{ step: 1, loss: 0.5, learningRate: 0.001, seconds: 1 }];
    return {
      files: [
        { ...(await writeContent(home, `training/${key}`, 'safetensors', tensors)), role: 'weights' },
        ...manifest.files.filter(({ role }) => role === 'normaliser' || role === 'catalogue'),
        {
          ...(await writeContent(home, `training/${key}`, 'json', JSON.stringify(history))),
          role: 'history',
        },
      ],
      rows: 1,
      details: {
        model,
        steps: 1,
        finalLoss: 0.5,
        ringSize: 1,
        tokensPerSecond: 100,
        slotMemoryMb: [100],
        seconds: 1,
      },
    };
  });
  return reference;
}

let template: ReturnType<typeof makeTemplate> | undefined;

/**
 * The real stages from the grid to the sequences, and a model on top. They run once in a process of tests, for a second
 * of its time; each home is given a copy.
 */
export async function trainedHome(context: StageContext) {
  const { root, made } = await (template ??= makeTemplate());
  await cp(root, context.home.root, { recursive: true });
  return { ...made };
}

async function makeTemplate() {
  const root = await mkdtemp(join(tmpdir(), 'ringwatt-test-'));
  process.once('exit', () => rmSync(root, { recursive: true, force: true }));
  return { root, made: await makeHome(contextOf(await Home.open(root))) };
}

async function makeHome(context: StageContext) {
  const grid = await writeGrid(context, await shippedRows(), 'shipped');
  const { dataset: validated } = await validate(context, { dataset: grid, regions: [REGION] });
  const { dataset: features } = await engineerFeatures(context, { dataset: validated, dtype: 'float32' });
  const { dataset: sequences } = await cutSequences(
    context,
    sequencesInput.parse({
      dataset: features,
      regions: [REGION],
      train: TRAIN,
      score: SCORE,
      sequenceLength: 336,
      stride: 168,
      horizon: 48,
    }),
  );
  return { grid, validated, features, sequences, model: await writeModel(context, sequences) };
}
