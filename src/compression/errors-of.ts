import type { ArtifactReference } from '../contracts/artifact.ts';
import { regionCode } from '../contracts/regions.ts';
import { HOUR_SECONDS } from '../contracts/time.ts';
import { openRegion } from '../backtest/dataset.ts';
import { ErrorSums } from '../backtest/metrics.ts';
import { QuantileSums } from '../backtest/metrics-quantiles.ts';
import { planWindows } from '../backtest/windows.ts';
import type { FittedForecaster } from '../forecasters/forecaster.ts';
import { FittedEnsemble } from '../forecasters/ensemble/fitted-ensemble.ts';
import { memberNamed } from '../forecasters/members.ts';
import { DatasetSource } from '../forecasters/trained-network.ts';
import { transformer } from '../forecasters/transformer.ts';
import { TRANSFORMER } from '../forecasters/transformer-weights.ts';
import { readManifest } from '../lake/artifacts.ts';
import type { Home } from '../lake/home.ts';
import { predictorOf, type Predictor } from '../model/predictor.ts';
import { seasonalLag } from '../sequences/seasonal-base.ts';
import type { Candidate } from './candidate.ts';
import type { Parent } from './parent.ts';
import type { Judged } from './validation.ts';

/**
 * Who is judged: the network by the weights of its training, which have not seen the validation issues; the network as
 * it answers, its head fitted on all that was known; all that the version forecasts the day ahead by; and the hourly
 * heads.
 */
export const SUBJECTS = ['as trained', 'network', 'version', 'hourly'] as const;
export type Subject = (typeof SUBJECTS)[number];

export interface Errors {
  hours: number;
  /** Percent, of the median. */
  mape: number;
  /** MW, mean over levels and hours; null where only medians are answered. */
  pinballMw: number | null;
}

export type ErrorsBySubject = Partial<Record<Subject, Errors>>;

/** What a network errs by on a region's validation issues, in each way that it answers. */
export async function errorsOf(
  home: Home,
  parent: Parent,
  { config, training, forecasters }: Candidate,
  judged: Judged,
): Promise<ErrorsBySubject> {
  const predictor = await predictorOf(config, training.weights);
  await using source = new DatasetSource(home, parent.sequences.manifest);
  const { scaling, sequenceLength } = parent;
  const network = transformer({ model: predictor, scaling, sequenceLength, trainedBy: Infinity }, source);
  const nothing = { tables: [], knownBy: -Infinity };
  const asTrained = await network.fit(nothing, { seed: 1, signal: new AbortController().signal });
  const hourly = await hourlyErrors(home, parent.sequences.reference, predictor, sequenceLength, judged);
  const own = parent.forecasters.at(-1);
  if (!own) return { network: await dayAheadErrors(asTrained, judged), hourly };
  const { file } = forecasters.at(-1)!;
  const members = own.details.ensemble.members.map((name) =>
    name === TRANSFORMER ? network : memberNamed(name),
  );
  const whole = FittedEnsemble.of(new Map([...own.files, [TRANSFORMER, file]]), members);
  return {
    'as trained': await dayAheadErrors(asTrained, judged),
    network: await dayAheadErrors(network.load(file), judged),
    version: await dayAheadErrors(whole, judged),
    hourly,
  };
}

async function dayAheadErrors(fitted: FittedForecaster, { table, counts }: Judged): Promise<Errors> {
  const answers = await fitted.predict(table);
  const { levels } = fitted;
  const median = levels.indexOf(0.5);
  const points = new ErrorSums();
  const quantiles = new QuantileSums(levels);
  for (let cell = 0; cell < table.base.length; cell++) {
    if (!counts(cell)) continue;
    const own = answers.subarray(cell * levels.length, (cell + 1) * levels.length);
    // What has no answer shows in the number of hours.
    if (!own.every(Number.isFinite)) continue;
    points.add(own[median]!, table.actual[cell]!);
    quantiles.add(own, table.actual[cell]!);
  }
  const { pinball } = quantiles.means() ?? { pinball: [0] };
  const pinballMw = pinball.reduce((sum, each) => sum + each, 0) / pinball.length;
  return { hours: points.hours, mape: points.mape ?? 0, pinballMw };
}

/** Of the hourly heads, at every hour that an issue stands at, over all hours ahead. */
async function hourlyErrors(
  home: Home,
  sequences: ArtifactReference,
  predictor: Predictor,
  sequenceLength: number,
  { table, open }: Judged,
): Promise<Errors> {
  const manifest = await readManifest(home, sequences, 'sequences');
  const { series, file } = await openRegion(home, manifest, regionCode.parse(table.region));
  const sums = new ErrorSums();
  try {
    const { horizon } = predictor;
    const rows = Array.from(table.standingAt, (at) => (at - series.firstHour) / HOUR_SECONDS);
    const asked = rows.filter((row) => row >= 0 && row < series.known.length);
    for (const { from, to, read } of planWindows(asked, sequenceLength, series.known.length)) {
      const inputs = (await file.read('inputs', from, to)).data as Float32Array;
      const ratios = await predictor.predict(inputs, to - from, table.region);
      for (const row of read) {
        for (let lead = 1; lead <= horizon; lead++) {
          const at = row + lead;
          const [actual, known] = [series.final[at]!, series.known[at - seasonalLag(lead)]!];
          if (!(actual > 0 && known > 0 && open(series.firstHour + at * HOUR_SECONDS))) continue;
          sums.add(known * Math.exp(ratios[(row - from) * horizon + lead - 1]!), actual);
        }
      }
    }
  } finally {
    await file.close();
  }
  return { hours: sums.hours, mape: sums.mape ?? 0, pinballMw: null };
}
