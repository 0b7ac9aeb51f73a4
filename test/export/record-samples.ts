import type { Manifest } from '../../src/contracts/artifact.ts';
import { openRegion } from '../../src/backtest/dataset.ts';
import { regionCode } from '../../src/contracts/regions.ts';
import { HOUR_SECONDS } from '../../src/contracts/time.ts';
import { issuesOf, type IssueTable } from '../../src/day-ahead/issue-table.ts';
import { readIssueTable } from '../../src/day-ahead/read.ts';
import { historyHours, type RegisteredNetwork } from '../../src/export/network.ts';
import { numericColumns } from '../../src/features/numeric-columns.ts';
import { readManifest, verifiedPath } from '../../src/lake/artifacts.ts';
import type { Home } from '../../src/lake/home.ts';
import { readColumns } from '../../src/lake/parquet.ts';
import { predictorOf, type Predictor } from '../../src/model/predictor.ts';
import { readVersion } from '../../src/registry/versions.ts';
import { columnsOf, standardised } from '../../src/sequences/issue-scaling.ts';
import type { Sample } from './samples.ts';

/**
 * Issues of the record that a registered version learnt from and was scored on: raw features as its datasets hold them,
 * and what the project's own predictor answers, from inputs that its own normaliser has made.
 */
export async function recordSamples(
  home: Home,
  network: RegisteredNetwork,
  count: number,
): Promise<Sample[]> {
  const { record } = await readVersion({ home }, { name: network.model, version: network.version });
  const { sequences, features } = record.lineage;
  const datasets = {
    sequences: await readManifest(home, sequences!, 'sequences'),
    features: await readManifest(home, features!, 'features'),
  };
  const predictor = await predictorOf(network.config, network.weights);
  const samples: Sample[] = [];
  for (const region of network.config.regions) {
    samples.push(...(await samplesOf(home, network, predictor, datasets, region, count)));
  }
  return samples;
}

async function samplesOf(
  home: Home,
  network: RegisteredNetwork,
  predictor: Predictor,
  datasets: { sequences: Manifest; features: Manifest },
  region: string,
  count: number,
): Promise<Sample[]> {
  const channels = network.config.channels.length;
  const { series, file } = await openRegion(home, datasets.sequences, regionCode.parse(region));
  const raw = await rawColumns(home, datasets.features, region, network, series.firstHour);
  const most = historyHours(network);
  const table = await readIssueTable(home, datasets.sequences, region);
  const samples: Sample[] = [];
  const answerable = issuesToAsk(table, series.firstHour, series.known.length, most);
  for (let i = 0; i < count; i++) {
    const issue = answerable[Math.floor((i * answerable.length) / count)]!;
    const row = (table.standingAt[issue]! - series.firstHour) / HOUR_SECONDS;
    // As forecasts read it, whole windows and shorter ones.
    const hours = [most, Math.ceil((2 * most) / 3), Math.min(most, 200)][i % 3]!;
    const from = row + 1 - hours;
    const inputs = (await file.read('inputs', from, row + 1)).data as Float32Array;
    const history = inputs.slice();
    raw.forEach((values, column) => {
      for (let hour = 0; hour < hours; hour++) history[hour * channels + column] = values[from + hour]!;
    });
    const hourly = (await predictor.predict(inputs, hours, region)).slice(-predictor.horizon);
    samples.push({
      history,
      region: network.config.regions.indexOf(region),
      hourlyRatio: Float64Array.from(hourly, Math.exp),
      ...(network.answersIssues && {
        issue: await answered(
          network,
          predictor,
          issuesOf(table, { from: issue, to: issue + 1 }),
          inputs,
          hours,
        ),
      }),
    });
  }
  await file.close();
  return samples;
}

/** Those that can be forecast and have a whole history before them. */
function issuesToAsk(table: IssueTable, first: number, hours: number, most: number): number[] {
  return [...table.standingAt.keys()].filter((issue) => {
    const row = (table.standingAt[issue]! - first) / HOUR_SECONDS;
    const base = table.base.subarray(issue * table.horizon, (issue + 1) * table.horizon);
    return row >= most && row < hours && base.every(Number.isFinite);
  });
}

async function answered(
  { normaliser, config }: RegisteredNetwork,
  predictor: Predictor,
  table: IssueTable,
  inputs: Float32Array,
  hours: number,
): Promise<Sample['issue']> {
  const { region, base, columns, horizon } = table;
  const values = standardised(table, normaliser.issues!, region);
  const ratios = await predictor.predictIssues(inputs, hours, region, Int32Array.of(hours - 1), values);
  const levels = config.issueHead!.quantiles.length;
  const places = (names: readonly { name: string }[]) =>
    names.map(({ name }) => columns.findIndex((column) => column.name === name));
  const { own, day } = columnsOf(columns);
  const at = (hour: number, column: number) => table.features[hour * columns.length + column]!;
  return {
    features: Float32Array.from(
      Array.from({ length: horizon }, (_, hour) => places(own).map((column) => at(hour, column))).flat(),
    ),
    day: Float32Array.from(places(day), (column) => {
      const found = Array.from({ length: horizon }, (_, hour) => at(hour, column));
      return found.find((value) => !Number.isNaN(value)) ?? Number.NaN;
    }),
    baseMw: Float32Array.from(base),
    quantilesMw: Float64Array.from(ratios, (ratio, i) => base[Math.floor(i / levels)]! * Math.exp(ratio)),
  };
}

/** The feature table's own values, from the first hour of the sequences on. */
async function rawColumns(
  home: Home,
  features: Manifest,
  region: string,
  { normaliser }: RegisteredNetwork,
  first: number,
): Promise<Float64Array[]> {
  const file = features.files.find((candidate) => candidate.region === region)!;
  const columns = await readColumns(await verifiedPath(home, file));
  const from = (first - columns.seconds('timestamp')[0]!) / HOUR_SECONDS;
  return numericColumns(columns.frame, normaliser.columns).map((values) => values.subarray(from));
}
