import type { SeriesCard } from '../../src/contracts/series.ts';
import { FakeStages, reference, seriesScoreOf } from './fake-stages.ts';

export const CSV_INPUT = { csv: reference('load.csv'), time: 'date', targets: ['load'] };

/** The stages of a series, whose registered versions say what they were scored on. */
export class FakeSeriesStages extends FakeStages {
  /** Of the champion, on the test part. */
  championMse = 0.4;
  card: Partial<SeriesCard> = {};

  constructor() {
    super();
    this.table.readVersion = ({ version }) =>
      ({
        record: {
          version,
          datasetSha256: reference('series').sha256,
          series: {
            horizon: 96,
            context: 336,
            split: { unit: 'fractions', train: 0.7, validation: 0.1, test: 0.2 },
            chosen: 'linear',
            scores: [seriesScoreOf('linear', this.championMse)],
            ...this.card,
          },
        },
        sha256: 'c'.repeat(64),
        model: reference('copy'),
      }) as never;
  }
}
