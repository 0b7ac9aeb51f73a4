import { z } from 'zod';
import type { ArtifactReference } from '../contracts/artifact.ts';
import type { SeriesPlan } from '../contracts/series.ts';
import type { StageResult } from '../contracts/stages.ts';
import { CorruptArtifactError } from '../errors.ts';
import { onceByKey, readArtifact, readManifest, referTo } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { readSafetensors, tensor, writeSafetensors } from '../lake/safetensors.ts';
import type { StageContext } from '../stages/context.ts';
import { fitLinear, type LinearModel } from './linear.ts';
import { seriesData } from './series-data.ts';
import { readSeries } from './series-file.ts';

/** Raised when the same series and plan would give another model. */
const STAGE_VERSION = 1;

const linearDetails = z.object({
  horizon: z.number(),
  context: z.number(),
  targets: z.array(
    z.object({
      target: z.string(),
      map: z.number(),
      ridge: z.number(),
      slopes: z.array(z.number()).optional(),
      validationMse: z.number(),
    }),
  ),
});

/** The linear forecaster of a series: learned on its training part, chosen on its validation part. */
export async function fitSeries(context: StageContext, plan: SeriesPlan): Promise<StageResult> {
  const { home } = context;
  const { series: input, ...settings } = plan;
  const work = {
    kind: 'series-model' as const,
    stage: 'fitSeries',
    version: STAGE_VERSION,
    settings,
    inputs: [input],
  };
  const { reference, manifest, reused } = await onceByKey(home, work, async (key) => {
    const { series } = await readSeries(home, input);
    const { data, parts } = seriesData(series, plan);
    const total = data.names.length;
    context.progress({ stage: 'fit', done: 0, total, unit: 'targets' });
    const model = fitLinear(data, parts, (done) => {
      context.signal.throwIfAborted();
      context.progress({ stage: 'fit', done, total, unit: 'targets' });
    });
    const uri = `series-models/${key}.safetensors`;
    const { horizon, context: lookBack } = plan;
    await writeSafetensors(
      home.path(uri),
      Object.fromEntries(model.maps.map((map, i) => [`map_${i}`, tensor(map, [lookBack, horizon])])),
    );
    return {
      files: [{ ...(await referTo(home, uri)), role: 'linear' }],
      rows: series.rows,
      details: JSON.parse(JSON.stringify({ horizon, context: lookBack, targets: model.targets })),
    };
  });
  const { targets } = linearDetails.parse(manifest.details);
  const mse = targets.reduce((sum, { validationMse }) => sum + validationMse, 0) / targets.length;
  const maps = new Set(targets.map(({ map }) => map)).size;
  const facts = { targets: targets.length, maps, 'validation MSE': rounded(mse) };
  return { dataset: reference, reused, facts };
}

const rounded = (value: number) => Number(value.toPrecision(4));

/** The linear model of a manifest, its file checked against its hash. */
export async function readLinear(home: Home, reference: ArtifactReference): Promise<LinearModel> {
  const manifest = await readManifest(home, reference, 'series-model');
  const parsed = linearDetails.safeParse(manifest.details);
  const file = manifest.files.find(({ role }) => role === 'linear');
  if (!file || !parsed.success) {
    throw new CorruptArtifactError(`${reference.uri} does not describe a linear model.`, 'Fit it again.');
  }
  const tensors = readSafetensors(await readArtifact(home, file), home.pathOf(file));
  const maps = Array.from({ length: tensors.size }, (_, i) => tensors.get(`map_${i}`)!.data as Float64Array);
  return { maps, targets: parsed.data.targets };
}
