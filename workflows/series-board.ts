import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import {
  SERIES_STAGES,
  type SeriesBacktestResult,
  type SeriesPipelineResult,
  type SeriesProgress,
  type SeriesStage,
} from '../src/contracts/series.ts';
import { failureLine } from '../src/temporal/failures.ts';
import { stageAttribute } from '../src/temporal/search-attributes.ts';
import { duration, factsLine, table } from './markdown.ts';

type Line = SeriesProgress['stages'][number];

/** A stage's result, and what the table says of it. */
export interface SeriesOutcome<Result> {
  result: Result;
  reused: boolean;
  facts: Line['facts'];
}

/** The table of a series' stages that the UI, the query and the result show. */
export class SeriesBoard {
  private readonly title: string;
  private readonly lines = SERIES_STAGES.map((stage): Line => ({
    stage,
    state: 'waiting',
    seconds: 0,
    facts: {},
  }));
  private fraction = 0;
  private paused = false;
  private closing = '';

  constructor(title: string) {
    this.title = title;
  }

  async run<Result>(stage: SeriesStage, work: () => Promise<SeriesOutcome<Result>>): Promise<Result> {
    const line = this.line(stage);
    const startedAt = Date.now();
    line.state = 'running';
    this.fraction = 0;
    upsertSearchAttributes([{ key: stageAttribute, value: stage }]);
    this.describe(this.paused);
    try {
      const { result, reused, facts } = await work();
      line.facts = facts;
      line.state = reused ? 'reused' : 'done';
      return result;
    } catch (error) {
      line.state = 'failed';
      line.facts = { reason: failureLine(error) };
      throw error;
    } finally {
      line.seconds = (Date.now() - startedAt) / 1000;
      this.describe(this.paused);
    }
  }

  /** What was not asked for. */
  skip(stage: SeriesStage): void {
    this.line(stage).state = 'skipped';
  }

  /** News of the running stage; what comes after its end is old. */
  hear(stage: SeriesStage, fraction: number, note: string): void {
    const line = this.line(stage);
    if (line.state !== 'running') return;
    this.fraction = Math.min(1, Math.max(0, fraction));
    line.facts = { 'so far': note };
    this.describe(this.paused);
  }

  close(text: string, { scores }: SeriesBacktestResult): void {
    const rows = scores.map(({ forecaster, validation, test }) => [
      forecaster,
      ...[validation.mse, test.mse, test.mae].map((value) => value.toFixed(4)),
    ]);
    this.closing = `${table(['forecaster', 'validation MSE', 'test MSE', 'test MAE'], rows)}\n\n${text}`;
    upsertSearchAttributes([{ key: stageAttribute, value: 'done' }]);
    this.describe(this.paused);
  }

  progress(): SeriesProgress {
    return {
      stage: this.lines.find(({ state }) => state === 'running')?.stage ?? null,
      fraction: this.fraction,
      paused: this.paused,
      stages: this.lines,
    };
  }

  stages(): SeriesPipelineResult['stages'] {
    return this.lines.map(({ stage, state, seconds, facts }) => ({
      stage,
      state: state === 'reused' || state === 'skipped' ? state : 'done',
      seconds,
      facts,
    }));
  }

  describe(paused: boolean): void {
    this.paused = paused;
    const rows = this.lines.map(({ stage, state, seconds, facts }) => [
      stage,
      state,
      state === 'done' || state === 'reused' || state === 'failed' ? duration(seconds) : '',
      factsLine(facts),
    ]);
    const { stage } = this.progress();
    const where = stage ? `at ${stage}` : this.closing === '' ? 'between stages' : 'done';
    const head = `**${this.title}: ${where}${paused ? ', paused' : ''}**`;
    setCurrentDetails(
      [head, table(['stage', 'state', 'time', 'facts'], rows), this.closing]
        .filter((part) => part !== '')
        .join('\n\n'),
    );
  }

  private line(name: SeriesStage): Line {
    return this.lines.find(({ stage }) => stage === name)!;
  }
}
