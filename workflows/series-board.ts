import {
  SERIES_STAGES,
  type SeriesBacktestResult,
  type SeriesPipelineResult,
  type SeriesProgress,
  type SeriesStage,
} from '../src/contracts/series.ts';
import { table } from './markdown.ts';
import { StageTable, type LineOf } from './stage-table.ts';

/** The table of a series' stages that the UI, the query and the result show. */
export class SeriesBoard extends StageTable<SeriesStage> {
  constructor(title: string) {
    super(title, SERIES_STAGES);
  }

  close(text: string, { scores }: SeriesBacktestResult): void {
    const rows = scores.map(({ forecaster, validation, test }) => [
      forecaster,
      ...[validation.mse, test.mse, test.mae].map((value) => value.toFixed(4)),
    ]);
    this.closeWith(`${table(['forecaster', 'validation MSE', 'test MSE', 'test MAE'], rows)}\n\n${text}`);
  }

  progress(): SeriesProgress {
    return { stage: this.running, fraction: this.fraction, paused: this.paused, stages: this.lines };
  }

  stages(): SeriesPipelineResult['stages'] {
    return this.lines.map(({ stage, state, seconds, facts }) => ({
      stage,
      state: state === 'reused' || state === 'skipped' ? state : 'done',
      seconds,
      facts,
    }));
  }

  protected where(running: SeriesStage | null): string {
    return running ? `at ${running}` : this.closing === '' ? 'between stages' : 'done';
  }

  /** What was left out took none. */
  protected takesTime({ state }: LineOf<SeriesStage>): boolean {
    return state === 'done' || state === 'reused' || state === 'failed';
  }
}
