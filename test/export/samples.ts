import { tensor, type Tensor } from '../../src/lake/safetensors.ts';

/** One question to a network, raw, and what the project itself answers to it. */
export interface Sample {
  /** Hours × channels, as many as it has. */
  history: Float32Array;
  region: number;
  issue?: { features: Float32Array; day: Float32Array; baseMw: Float32Array; quantilesMw: Float64Array };
  hourlyRatio: Float64Array;
}

export interface Batch {
  inputs: Record<string, Tensor>;
  expected: Record<string, Tensor>;
}

/** Samples as a graph takes them: shorter histories stand at the end, after hours that nobody may look at. */
export function batchOf(samples: readonly Sample[], hours: number, channels: number): Batch {
  const size = samples.length;
  const history = new Float32Array(size * hours * channels).fill(Number.NaN);
  samples.forEach(({ history: own }, i) => history.set(own, (i + 1) * hours * channels - own.length));
  const inputs: Record<string, Tensor> = {
    history: tensor(history, [size, hours, channels]),
    history_hours: tensor(
      Int32Array.from(samples, ({ history: own }) => own.length / channels),
      [size],
    ),
    region: tensor(
      Int32Array.from(samples, ({ region }) => region),
      [size],
    ),
  };
  const expected: Record<string, Tensor> = {
    hourly_ratio: stacked(samples.map((sample) => sample.hourlyRatio)),
  };
  const issues = samples.flatMap(({ issue }) => issue ?? []);
  if (issues.length === size) {
    const horizon = issues[0]!.baseMw.length;
    const byHour = (rows: (Float32Array | Float64Array)[]) => stacked(rows, horizon);
    inputs['issue_features'] = byHour(issues.map(({ features }) => features));
    if (issues[0]!.day.length > 0) inputs['issue_day'] = stacked(issues.map(({ day }) => day));
    inputs['base_mw'] = stacked(issues.map(({ baseMw }) => baseMw));
    expected['quantiles_mw'] = byHour(issues.map(({ quantilesMw }) => quantilesMw));
  }
  return { inputs, expected };
}

/** Rows one after another; `middle` is the size of an axis between them and their values. */
function stacked(rows: readonly (Float32Array | Float64Array)[], middle?: number): Tensor {
  const length = rows[0]!.length;
  const data = new (rows[0]!.constructor as new (length: number) => Float32Array)(rows.length * length);
  rows.forEach((row, i) => data.set(row, i * length));
  return tensor(data, [rows.length, ...(middle === undefined ? [] : [middle]), length / (middle ?? 1)]);
}
