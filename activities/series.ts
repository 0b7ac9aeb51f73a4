import {
  seriesBacktestInput,
  seriesCutInput,
  seriesInput,
  seriesPlan,
  seriesRegisterInput,
  type SeriesCard,
} from '../src/contracts/series.ts';
import { BadInputError } from '../src/errors.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { underHeartbeat } from './heartbeat.ts';
import { stageActivity } from './stage-activity.ts';

/** A champion, as far as a new version of its series can be compared with it. */
export interface SeriesRival extends Pick<SeriesCard, 'horizon' | 'context' | 'split'> {
  version: number;
  seriesSha256: string;
  /** On the test part. */
  mse: number;
}

/** The stages from a person's CSV file to a registered forecaster: references in, references out. */
export const seriesActivities = (dependencies: ActivityDependencies) => ({
  readCsvSeries: stageActivity(dependencies, 'readCsvSeries', seriesInput),
  cutSeries: stageActivity(dependencies, 'cutSeries', seriesCutInput),
  fitSeries: stageActivity(dependencies, 'fitSeries', seriesPlan),
  backtestSeries: stageActivity(dependencies, 'backtestSeries', seriesBacktestInput),
  registerSeries: stageActivity(dependencies, 'registerSeries', seriesRegisterInput),

  readSeriesRival: ({ name }: { name: string }): Promise<SeriesRival | null> =>
    underHeartbeat<never, SeriesRival | null>(dependencies.heartbeatMs, async (signal) => {
      const options = { signal, progress: () => {} };
      const champion = await dependencies.run('readChampion', { name }, options);
      if (!champion) return null;
      const { version } = champion;
      const { record } = await dependencies.run('readVersion', { name, version }, options);
      const { series, datasetSha256 } = record;
      if (!series) {
        throw new BadInputError(`The champion of ${name} forecasts the grid.`, 'Name another with --model.');
      }
      const { horizon, context, split, scores, chosen } = series;
      const { mse } = scores.find(({ forecaster }) => forecaster === chosen)!.test;
      return { version, seriesSha256: datasetSha256, horizon, context, split, mse };
    }),
});
export type SeriesActivities = ReturnType<typeof seriesActivities>;
