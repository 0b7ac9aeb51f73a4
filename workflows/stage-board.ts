import { PIPELINE_STAGES, type PipelineResult, type PipelineStage } from '../src/contracts/pipeline.ts';
import type { PipelineProgress } from '../src/contracts/progress.ts';
import { percentOf } from '../src/contracts/stage-weights.ts';
import { StageTable, type LineOf } from './stage-table.ts';

/** The table of the main job's stages that the UI, the queries and the result show. */
export class StageBoard extends StageTable<PipelineStage> {
  constructor(title: string) {
    super(title, PIPELINE_STAGES);
  }

  close(text: string): void {
    this.closeWith(text);
  }

  progress(): PipelineProgress {
    return { stage: this.running, percent: this.percent, paused: this.paused, stages: this.lines };
  }

  stages(): PipelineResult['stages'] {
    return this.lines.map(({ stage, seconds, state, facts }) => ({
      stage,
      seconds,
      reused: state === 'reused',
      facts,
    }));
  }

  protected where(running: PipelineStage | null): string {
    const where = running ? `at ${running}` : this.percent === 100 ? 'done' : 'between stages';
    return `${where}, ${Math.round(this.percent)} %`;
  }

  protected takesTime({ state }: LineOf<PipelineStage>): boolean {
    return state !== 'waiting' && state !== 'running';
  }

  private get percent(): number {
    return percentOf(this.lines, this.fraction);
  }
}
