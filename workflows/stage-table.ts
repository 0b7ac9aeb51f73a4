import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { StageLine } from '../src/contracts/progress.ts';
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

/** One stage's line, whichever pipeline's it is. */
export type LineOf<Stage extends string> = Omit<StageLine, 'stage'> & { stage: Stage };

/** The stages of a pipeline as they go: what the UI shows, and what its queries and results are made of. */
export abstract class StageTable<Stage extends string> {
  protected readonly lines: LineOf<Stage>[];
  /** How far the running stage is, 0 to 1, where it tells. */
  protected fraction = 0;
  protected paused = false;
  protected closing = '';
  private readonly title: string;

  constructor(title: string, stages: readonly Stage[]) {
    this.title = title;
    this.lines = stages.map((stage) => ({ stage, state: 'waiting', seconds: 0, facts: {} }));
  }

  async run<Result>(stage: Stage, work: () => Promise<StageOutcome<Result>>): Promise<Result> {
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
  skip(stage: Stage): void {
    this.line(stage).state = 'skipped';
  }

  /** News of the running stage; what comes after its end is old. */
  hear(stage: Stage, fraction: number, note: string): void {
    const line = this.line(stage);
    if (line.state !== 'running') return;
    this.fraction = Math.min(1, Math.max(0, fraction));
    line.facts = { 'so far': note };
    this.describe(this.paused);
  }

  describe(paused: boolean): void {
    this.paused = paused;
    const rows = this.lines.map((line) => [
      line.stage,
      line.state,
      this.takesTime(line) ? duration(line.seconds) : '',
      factsLine(line.facts),
    ]);
    const head = `**${this.title}: ${this.where(this.running)}${paused ? ', paused' : ''}**`;
    setCurrentDetails(
      [head, table(['stage', 'state', 'time', 'facts'], rows), this.closing]
        .filter((part) => part !== '')
        .join('\n\n'),
    );
  }

  protected closeWith(text: string): void {
    this.closing = text;
    upsertSearchAttributes([{ key: stageAttribute, value: 'done' }]);
    this.describe(this.paused);
  }

  protected get running(): Stage | null {
    return this.lines.find(({ state }) => state === 'running')?.stage ?? null;
  }

  /** Where the run stands, behind its title. */
  protected abstract where(running: Stage | null): string;

  /** Whether a line shows how long it took. */
  protected abstract takesTime(line: LineOf<Stage>): boolean;

  private line(name: Stage): LineOf<Stage> {
    return this.lines.find(({ stage }) => stage === name)!;
  }
}
