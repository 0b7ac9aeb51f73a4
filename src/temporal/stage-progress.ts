import { trainingExtent } from '../contracts/training-extent.ts';
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import type { PipelineStage } from '../contracts/pipeline.ts';
import { stageProgress, type TrainingStatus } from '../contracts/progress.ts';
import { segmentProgress, type SegmentProgress } from '../contracts/training.ts';
import type { StageProgress } from '../stages/context.ts';
import { ingestionProgressQuery } from './messages.ts';
import { WORKFLOWS } from './names.ts';
import { ringStatus } from './ring-status.ts';

/** What a description holds of what is under way. */
interface Raw {
  pendingActivities?: { heartbeatDetails?: { payloads?: Payload[] | null } | null }[] | null;
  pendingChildren?: { workflowId?: string | null; workflowTypeName?: string | null }[] | null;
}

/** What the running stage says of itself: its activity's heartbeat, or its child workflow's. */
export async function runningStageProgress(
  client: Client,
  raw: Raw,
  stage: PipelineStage,
): Promise<StageProgress | null> {
  const child = raw.pendingChildren?.[0];
  if (!child?.workflowId) return inUnitsOf(stage, heartbeats(raw));
  const { raw: childRaw } = await client.workflow.getHandle(child.workflowId).describe();
  const beats = heartbeats(childRaw);
  return child.workflowTypeName === WORKFLOWS.ingestion
    ? ingestionStage(client, child.workflowId, beats)
    : (trainingStage(beats) ?? inUnitsOf(stage, beats));
}

/** The ring that trains for a job, slot by slot; null when none does. */
export async function runningTraining(
  client: Client,
  { pendingChildren }: Raw,
): Promise<TrainingStatus | null> {
  const child = pendingChildren?.find(({ workflowTypeName }) => workflowTypeName === WORKFLOWS.ringTraining);
  if (!child?.workflowId) return null;
  return ringStatus(client, child.workflowId);
}

/** The newest details of each running activity. */
function heartbeats({ pendingActivities }: Raw): unknown[] {
  return (pendingActivities ?? []).flatMap(({ heartbeatDetails }) => {
    const [payload] = heartbeatDetails?.payloads ?? [];
    return payload ? [defaultPayloadConverter.fromPayload<unknown>(payload)] : [];
  });
}

const stageBeats = (beats: readonly unknown[]) =>
  beats.flatMap((beat) => {
    const parsed = stageProgress.safeParse(beat);
    return parsed.success ? [parsed.data] : [];
  });

function inUnitsOf(stage: PipelineStage, beats: readonly unknown[]): StageProgress | null {
  const [first] = stageBeats(beats);
  return first ? { ...first, stage } : null;
}

/** Windows, with the parts of those in flight; their records in the note. */
async function ingestionStage(
  client: Client,
  workflowId: string,
  beats: readonly unknown[],
): Promise<StageProgress | null> {
  const { windows, done, records } = await client.workflow
    .getHandle(workflowId)
    .query(ingestionProgressQuery);
  if (windows === 0) return null;
  const inFlight = stageBeats(beats).reduce(
    (sum, beat) => sum + (beat.total ? beat.done / beat.total : 0),
    0,
  );
  return {
    stage: 'ingest',
    done: Math.min(windows, done + inFlight),
    total: windows,
    unit: 'windows',
    note: `${records} records`,
  };
}

/** The rank that is furthest; steps or seconds, whichever ends the run first. */
function trainingStage(beats: readonly unknown[]): StageProgress | null {
  const ranks = beats.flatMap((beat) => {
    const parsed = segmentProgress.safeParse(beat);
    return parsed.success ? [parsed.data] : [];
  });
  const newest = ranks.toSorted((a, b) => b.step - a.step)[0];
  return newest ? { stage: 'train', ...extentOf(newest), note: noteOf(newest) } : null;
}

function extentOf(progress: SegmentProgress) {
  const { step, totalSteps, secondsUsed, budgetSeconds } = progress;
  const { bySteps, byBudget } = trainingExtent(progress);
  return bySteps >= byBudget || budgetSeconds === null
    ? { done: step, total: totalSteps ?? step, unit: 'steps' }
    : { done: Math.round(secondsUsed), total: Math.round(budgetSeconds), unit: 's of the budget' };
}

const noteOf = ({ step, loss, tokensPerSecond, memoryMb }: SegmentProgress) =>
  `step ${step}, loss ${loss.toPrecision(4)}, ${Math.round(tokensPerSecond)} tokens/s, ${Math.round(memoryMb)} MB a slot`;

/** What the activity that runs says of itself, of a workflow that has one at a time. */
export async function activityProgress(client: Client, workflowId: string): Promise<StageProgress | null> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  return stageBeats(heartbeats(raw))[0] ?? null;
}
