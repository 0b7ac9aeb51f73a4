import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { PIPELINE_STAGES, type PipelineResult, type PipelineStage } from '../src/contracts/pipeline.ts';
import type { PipelineProgress, StageLine } from '../src/contracts/progress.ts';
import { percentOf } from '../src/contracts/stage-weights.ts';
import { failureLine } from '../src/temporal/failures.ts';
import { stageAttribute } from '../src/temporal/search-attributes.ts';
import { duration, factsLine, table } from './markdown.ts';

type Facts = StageLine['facts'];

/** A stage's result, and what the table says of it. */
export interface StageOutcome<Result> {
  result: Result;
  reused: boolean;
  facts: Facts;
}

/** The table of stages that the UI, the queries and the result show. */
export class StageBoard {
  private readonly title: string;
  private readonly lines = PIPELINE_STAGES.map((stage): StageLine => ({
    stage,
    state: 'waiting',
    seconds: 0,
    facts: {},
  }));
  /** How far the running stage is, 0 to 1, where it tells. */
  private fraction = 0;
  private paused = false;
  private closing = '';

  constructor(title: string) {
    this.title = title;
  }

  async run<Result>(stage: PipelineStage, work: () => Promise<StageOutcome<Result>>): Promise<Result> {
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

  /** A stage that this run does without. */
  skip(stage: PipelineStage): void {
    this.line(stage).state = 'skipped';
  }

  /** News of the running stage; what comes after its end is old. */
  hear(stage: PipelineStage, fraction: number, note: string): void {
    const line = this.line(stage);
    if (line.state !== 'running') return;
    this.fraction = Math.min(1, Math.max(0, fraction));
    line.facts = { 'so far': note };
    this.describe(this.paused);
  }

  close(text: string): void {
    this.closing = text;
    upsertSearchAttributes([{ key: stageAttribute, value: 'done' }]);
    this.describe(this.paused);
  }

  progress(): PipelineProgress {
    return {
      stage: this.lines.find(({ state }) => state === 'running')?.stage ?? null,
      percent: percentOf(this.lines, this.fraction),
      paused: this.paused,
      stages: this.lines,
    };
  }

  stages(): PipelineResult['stages'] {
    return this.lines.map(({ stage, seconds, state, facts }) => ({
      stage,
      seconds,
      reused: state === 'reused',
      facts,
    }));
  }

  describe(paused: boolean): void {
    this.paused = paused;
    const rows = this.lines.map(({ stage, state, seconds, facts }) => [
      stage,
      state,
      state === 'waiting' || state === 'running' ? '' : duration(seconds),
      factsLine(facts),
    ]);
    const { stage, percent } = this.progress();
    const where = stage ? `at ${stage}` : percent === 100 ? 'done' : 'between stages';
    const head = `**${this.title}: ${where}, ${Math.round(percent)} %${paused ? ', paused' : ''}**`;
    setCurrentDetails(
      [head, table(['stage', 'state', 'time', 'facts'], rows), this.closing]
        .filter((part) => part !== '')
        .join('\n\n'),
    );
  }

  private line(name: PipelineStage): StageLine {
    return this.lines.find(({ stage }) => stage === name)!;
  }
}
