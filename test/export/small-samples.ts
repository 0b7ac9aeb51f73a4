import type { IssueColumn } from '../../src/day-ahead/issue-table.ts';
import type { RegisteredNetwork } from '../../src/export/network.ts';
import { predictorOf } from '../../src/model/predictor.ts';
import { gaussians, randomOf } from '../../src/model/random.ts';
import { standardised } from '../../src/sequences/issue-scaling.ts';
import { applyNormaliser } from '../../src/sequences/normaliser.ts';
import type { Sample } from './samples.ts';

/** Raw histories of these lengths, one region after another, and what the project's own code makes of them. */
export async function smallSamples(
  network: RegisteredNetwork,
  lengths: readonly number[],
): Promise<Sample[]> {
  const { config, normaliser } = network;
  const predictor = await predictorOf(config, network.weights);
  const width = config.channels.length;
  const samples: Sample[] = [];
  for (const [i, hours] of lengths.entries()) {
    const region = config.regions[i % config.regions.length]!;
    const random = randomOf('samples', i);
    const history = gaussians(random, hours * width, 60);
    // Gaps, and what is far outside of all that training saw.
    for (let at = 0; at < history.length; at++) if (random() < 0.1) history[at] = Number.NaN;
    history[0] = 1e6;
    const inputs = inputsOf(network, history, region);
    const last = (await predictor.predict(inputs, hours, region)).slice(-config.horizon);
    const sample: Sample = {
      history,
      region: config.regions.indexOf(region),
      hourlyRatio: Float64Array.from(last, Math.exp),
    };
    if (network.answersIssues) {
      const { horizon, columns, dayColumns, quantiles } = config.issueHead!;
      const features = gaussians(random, horizon * columns.length, 60);
      const day = gaussians(random, dayColumns.length, 60);
      features[1] = Number.NaN;
      if (day.length > 1) day[1] = Number.NaN;
      const values = standardised(tableOf(network, features, day), normaliser.issues!, region);
      const ratios = await predictor.predictIssues(inputs, hours, region, Int32Array.of(hours - 1), values);
      const baseMw = Float32Array.from({ length: horizon }, (_, hour) => 30_000 + 1000 * hour);
      const quantilesMw = Float64Array.from(
        ratios,
        (ratio, at) => baseMw[Math.floor(at / quantiles.length)]! * Math.exp(ratio),
      );
      sample.issue = { features, day, baseMw, quantilesMw };
    }
    samples.push(sample);
  }
  return samples;
}

function inputsOf(
  { config, normaliser }: RegisteredNetwork,
  history: Float32Array,
  region: string,
): Float32Array {
  const width = config.channels.length;
  const inputs = history.map((value) => (Number.isNaN(value) ? 0 : value));
  normaliser.columns.forEach((_, channel) => {
    const values = Float64Array.from(
      { length: history.length / width },
      (_, row) => history[row * width + channel]!,
    );
    applyNormaliser(normaliser, region, channel, values, { inputs, width, channel, from: 0 });
  });
  return inputs;
}

/** Columns of the day stand at every hour, as in an issue table. */
function tableOf({ config }: RegisteredNetwork, features: Float32Array, day: Float32Array) {
  const { columns, dayColumns, horizon } = config.issueHead!;
  const named: IssueColumn[] = [
    ...columns.map((name) => ({ name, group: 'lags' as const })),
    ...dayColumns.map((name) => ({ name, group: 'lags' as const, profile: true as const })),
  ];
  const rows = Array.from({ length: horizon }, (_, hour) => [
    ...features.subarray(hour * columns.length, (hour + 1) * columns.length),
    ...day,
  ]);
  return { features: Float32Array.from(rows.flat()), horizon, columns: named };
}
