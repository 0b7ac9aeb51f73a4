import type { PipelineStage } from './pipeline.ts';
import type { StageState } from './progress.ts';

/** What each stage takes of a whole job with the preset `quick`, in percent: only for bars and estimates. */
export const STAGE_WEIGHTS: Record<PipelineStage, number> = {
  ingest: 8,
  validate: 3,
  features: 4,
  sequences: 6,
  train: 55,
  fit: 6,
  backtest: 14,
  register: 1,
  promote: 1,
  report: 2,
};

const IS_OVER: Record<StageState, boolean> = {
  waiting: false,
  running: false,
  failed: false,
  done: true,
  reused: true,
  skipped: true,
};

/** 0 to 100; `fractionOfRunning` is how far the running stage is, where that is known. */
export function percentOf(
  lines: readonly { stage: PipelineStage; state: StageState }[],
  fractionOfRunning = 0,
): number {
  return lines.reduce((sum, { stage, state }) => {
    const share = IS_OVER[state] ? 1 : state === 'running' ? fractionOfRunning : 0;
    return sum + STAGE_WEIGHTS[stage] * share;
  }, 0);
}
