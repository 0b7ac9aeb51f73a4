import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { PipelineStage } from '../contracts/pipeline.ts';
import type { PipelineProgress, StageLine, TrainingStatus } from '../contracts/progress.ts';
import { STAGE_WEIGHTS, percentOf } from '../contracts/stage-weights.ts';
import type { StageProgress } from '../stages/context.ts';
import { pipelineProgressQuery } from './messages.ts';
import { runningStageProgress, runningTraining } from './stage-progress.ts';

/** Where a pipeline stands, its children included. */
export interface PipelineUpdate {
  stage: PipelineStage | null;
  /** Of the whole job, 0 to 100. */
  percent: number;
  /** Units of the running stage a second; null until two looks differ. */
  rate: number | null;
  /** Of the whole job; a guess from what the stages usually take. */
  secondsLeft: number | null;
  note: string;
  /** The running stage alone; null while it has not said anything yet. */
  progress: StageProgress | null;
  stages: StageLine[];
  paused: boolean;
  /** The ring that trains for it; null while none does. */
  training: TrainingStatus | null;
}

export interface WatchOptions {
  everyMs?: number;
  signal?: AbortSignal;
}

const EVERY_MS = 500;

/**
 * Tells `onUpdate` where a pipeline stands until it is closed or `signal` aborts. A look that fails is left out: the
 * worker that answers may be starting again, and the run goes on without being watched.
 */
export async function watchPipeline(
  client: Client,
  workflowId: string,
  onUpdate: (update: PipelineUpdate) => void,
  { everyMs = EVERY_MS, signal }: WatchOptions = {},
): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  const pace = new Pace();
  for (;;) {
    if (signal?.aborted) return;
    try {
      const description = await handle.describe();
      const progress = await handle.query(pipelineProgressQuery);
      const running = progress.stage
        ? await runningStageProgress(client, description.raw, progress.stage)
        : null;
      const training = await runningTraining(client, description.raw);
      onUpdate({ ...pace.updateOf(progress, running, description.startTime), training });
      if (description.status.name !== 'RUNNING') return;
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
    await sleep(everyMs, undefined, { signal }).catch(() => {});
  }
}

/** gRPC: deadline exceeded, unavailable, failed precondition (no worker answers a query), cancelled by the server. */
const PASSING_CODES = new Set([1, 4, 9, 14]);

function isPassing(error: unknown): boolean {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  return PASSING_CODES.has(Number(code ?? cause?.code));
}

/** Rates and remaining time, from one look to the next. */
class Pace {
  private stage: PipelineStage | null = null;
  private since = 0;
  private first: StageProgress | null = null;
  private last: StageProgress | null = null;

  updateOf(
    { stage, paused, stages }: PipelineProgress,
    news: StageProgress | null,
    startedAt: Date,
    now: number = Date.now(),
  ): Omit<PipelineUpdate, 'training'> {
    if (stage !== this.stage) {
      this.stage = stage;
      this.first = this.last = null;
    }
    // A stage that goes on in other units, or from further back, is timed from there.
    if (news && (this.first?.unit !== news.unit || news.done < this.first.done)) {
      this.first = news;
      this.since = now;
    }
    // Between two activities of a stage nothing is heard; what was done stays done.
    const running = news ?? this.last;
    this.last = running;
    const fraction = running && running.total > 0 ? Math.min(1, running.done / running.total) : 0;
    const percent = percentOf(stages, fraction);
    const seconds = (now - this.since) / 1000;
    const rate = running && seconds > 0.5 ? (running.done - (this.first?.done ?? 0)) / seconds : null;
    return {
      stage,
      percent,
      rate,
      secondsLeft: jobSecondsLeft(stages, stage, running, rate, {
        percent,
        elapsed: (now - startedAt.getTime()) / 1000,
      }),
      note: running?.note ?? '',
      progress: running,
      stages,
      paused,
    };
  }
}

/**
 * While a stage's own pace is known: what it needs, and the later stages in proportion to it. Otherwise in proportion
 * to what all stages before it took.
 */
function jobSecondsLeft(
  stages: readonly StageLine[],
  stage: PipelineStage | null,
  running: StageProgress | null,
  rate: number | null,
  { percent, elapsed }: { percent: number; elapsed: number },
): number | null {
  if (stage && running && rate && rate > 0) {
    const stageLeft = (running.total - running.done) / rate;
    const stageAll = running.total / rate;
    const later = stages.filter(({ state }) => state === 'waiting');
    const laterWeight = later.reduce((sum, line) => sum + STAGE_WEIGHTS[line.stage], 0);
    return Math.round(stageLeft + (stageAll * laterWeight) / STAGE_WEIGHTS[stage]);
  }
  return percent > 1 ? Math.round((elapsed * (100 - percent)) / percent) : null;
}
