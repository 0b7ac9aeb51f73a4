import type { Manifest } from '../contracts/artifact.ts';
import type { SeriesCutInput } from '../contracts/series.ts';
import type { StageResult } from '../contracts/stages.ts';
import { BadInputError } from '../errors.ts';
import { onceByKey, referTo, writeContent } from '../lake/artifacts.ts';
import { canonicalJson } from '../lake/canonical.ts';
import type { Home } from '../lake/home.ts';
import { tensor, writeSafetensors } from '../lake/safetensors.ts';
import type { StageContext } from '../stages/context.ts';
import { seriesData, type SeriesData } from './series-data.ts';
import { readSeries } from './series-file.ts';
import { channelsOf, knowsYears, tokenInputs } from './token-inputs.ts';

/** Raised when the same series and plan would give other tensors. */
const STAGE_VERSION = 2;
/** About what a forecast errs by at first, in standard deviations: outputs are then near 1. */
const TARGET_SCALE = 0.5;
/** Training sequences overlap, so that every row is seen at many places of one. */
const SEQUENCES_A_LENGTH = 8;

/**
 * The sequences dataset of a series, in the form that ring training reads: each target stands where a region does.
 * Only rows of the training part are in it. Its targets are given: the rows after a row, as differences from the row's
 * level.
 */
export async function cutSeries(context: StageContext, input: SeriesCutInput): Promise<StageResult> {
  const { home } = context;
  const { series: reference, ...settings } = input;
  const sequenceLength = input.sequenceLength ?? 2 * input.context;
  const work = {
    kind: 'sequences' as const,
    stage: 'cutSeries',
    version: STAGE_VERSION,
    settings,
    inputs: [reference],
  };
  const made = await onceByKey(home, work, async (key) => {
    const { series } = await readSeries(home, reference);
    const { data, parts } = seriesData(series, input);
    const rows = parts.train.to;
    const starts = startsOf(rows, sequenceLength, input.horizon);
    const yearly = knowsYears(rows, data.step);
    const channels = channelsOf(data, yearly);
    await home.requireFreeSpace(4 * rows * channels.length * data.names.length, 'Cutting sequences');
    const files: Manifest['files'] = [];
    for (const [target, name] of data.names.entries()) {
      context.signal.throwIfAborted();
      context.progress({ stage: 'cut', done: target, total: data.names.length, unit: 'targets', note: name });
      files.push({
        ...(await writeTarget(home, key, data, target, yearly, rows)),
        region: name,
        role: 'region',
      });
    }
    const { scales, covariateScales } = data;
    const text = (value: unknown) => `${canonicalJson(value)}\n`;
    const folder = `sequences/${key}`;
    return {
      files: [
        ...files,
        {
          ...(await writeContent(home, folder, 'json', text({ scales, covariateScales }))),
          role: 'normaliser',
        },
        { ...(await writeContent(home, folder, 'json', text(channels))), role: 'catalogue' },
      ],
      rows: rows * data.names.length,
      details: {
        channels,
        sequenceLength,
        horizon: input.horizon,
        // The files hold rows to train on only: no date has to end them.
        train: { from: '2000', to: '2100' },
        regions: data.names,
        windows: Object.fromEntries(data.names.map((name) => [name, starts])),
        given: { scale: TARGET_SCALE },
        purpose: 'series',
      },
    };
  });
  const { details, rows } = made.manifest;
  const windows = Object.values(details['windows'] as Record<string, number[]>);
  const facts = {
    targets: windows.length,
    rows,
    sequences: windows.reduce((sum, starts) => sum + starts.length, 0),
    'rows a sequence': sequenceLength,
    channels: (details['channels'] as string[]).length,
  };
  return { dataset: made.reference, reused: made.reused, facts };
}

function startsOf(rows: number, sequenceLength: number, horizon: number): number[] {
  const last = rows - sequenceLength - horizon;
  if (last < 0) {
    throw new BadInputError(
      `The training part has ${rows} rows; sequences of ${sequenceLength} and ${horizon} to predict after them need ${sequenceLength + horizon}.`,
      'Give more rows, a shorter --context or --horizon, or train --architectures linear only.',
    );
  }
  const stride = Math.max(1, Math.floor(sequenceLength / SEQUENCES_A_LENGTH));
  return Array.from({ length: Math.floor(last / stride) + 1 }, (_, i) => i * stride);
}

async function writeTarget(
  home: Home,
  key: string,
  data: SeriesData,
  target: number,
  yearly: boolean,
  rows: number,
) {
  const { inputs, level } = tokenInputs(data, target, yearly, 0, rows);
  const uri = `sequences/${key}/target=${target}.safetensors`;
  const validAt = BigInt64Array.from({ length: rows }, (_, row) =>
    BigInt(Math.round(data.start + row * data.step)),
  );
  await writeSafetensors(home.path(uri), {
    inputs: tensor(inputs, [rows, inputs.length / rows]),
    valid_at: tensor(validAt, [rows]),
    demand_known: tensor(level, [rows]),
    demand_final: tensor(Float32Array.from(data.values[target]!.subarray(0, rows)), [rows]),
  });
  return referTo(home, uri, rows);
}
