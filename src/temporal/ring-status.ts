import type { Client } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import type { SlotStatus, TrainingStatus } from '../contracts/progress.ts';
import { segmentProgress, type SegmentProgress } from '../contracts/training.ts';
import { trainingStatusQuery } from './messages.ts';

/** What a description holds of one activity that is under way. */
interface PendingActivity {
  activityId?: string | null;
  activityType?: { name?: string | null } | null;
  heartbeatDetails?: { payloads?: Payload[] | null } | null;
}

/**
 * Where a training stands. The workflow hears of its slots every ten or thirty seconds, because signals cost history;
 * their heartbeats say the same every second and cost nothing, so what they say is put in its place.
 */
export async function ringStatus(client: Client, workflowId: string): Promise<TrainingStatus> {
  const handle = client.workflow.getHandle(workflowId);
  const [status, { raw }] = await Promise.all([handle.query(trainingStatusQuery), handle.describe()]);
  return refreshed(status, (raw.pendingActivities ?? []) as PendingActivity[]);
}

/** Heartbeats do not name their rank; segments are begun in the order of ranks, so all of them together do. */
export function refreshed(status: TrainingStatus, pending: readonly PendingActivity[]): TrainingStatus {
  const segments = pending
    .filter(({ activityType }) => activityType?.name === 'trainSegment')
    .toSorted((a, b) => Number(a.activityId) - Number(b.activityId));
  if (segments.length !== status.slots.length) return status;
  const words = segments.map(lastWord);
  return {
    ...status,
    slots: status.slots.map((slot, rank) => newer(slot, words[rank])),
    progress: furthest(status.progress, words[0]),
  };
}

function newer(slot: SlotStatus, word: SegmentProgress | undefined): SlotStatus {
  if (!word || word.step < (slot.step ?? 0)) return slot;
  const { step, loss, tokensPerSecond, memoryMb, shares } = word;
  return { ...slot, step, loss, tokensPerSecond, memoryMb, shares };
}

const furthest = (told: SegmentProgress | null, word: SegmentProgress | undefined) =>
  word && word.step >= (told?.step ?? 0) ? word : told;

function lastWord({ heartbeatDetails }: PendingActivity): SegmentProgress | undefined {
  const [payload] = heartbeatDetails?.payloads ?? [];
  const parsed = payload && segmentProgress.safeParse(defaultPayloadConverter.fromPayload<unknown>(payload));
  return parsed?.success ? parsed.data : undefined;
}
