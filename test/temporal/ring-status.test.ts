import assert from 'node:assert/strict';
import { defaultPayloadConverter } from '@temporalio/common';
import type { SlotStatus, TrainingStatus } from '../../src/contracts/progress.ts';
import type { SegmentProgress } from '../../src/contracts/training.ts';
import { refreshed } from '../../src/temporal/ring-status.ts';

const word = (step: number): SegmentProgress => ({
  step,
  totalSteps: 40,
  loss: step / 10,
  secondsUsed: step,
  budgetSeconds: null,
  tokensPerSecond: 1000 + step,
  memoryMb: 300,
  shares: { compute: 0.9, wait: 0.1, transfer: 0.05, data: 0 },
});
const slot = (rank: number, step: number | null): SlotStatus => ({
  rank,
  queue: `ring-slot/host/${rank + 1}`,
  device: 'cpu',
  kernel: null,
  threads: 1,
  step,
  loss: null,
  tokensPerSecond: null,
  memoryMb: null,
  shares: null,
});
const status: TrainingStatus = {
  state: 'training',
  epoch: 1,
  ringSize: 2,
  slots: [slot(0, 12), slot(1, null)],
  restarts: 0,
  stepsLost: 0,
  fullRestarts: 0,
  progress: word(12),
  slotMemoryMb: [],
  secondsLeft: null,
  lastFailure: null,
  waitingFor: null,
  bitsMayDiffer: false,
};
const activity = (activityId: string, details?: unknown, name = 'trainSegment') => ({
  activityId,
  activityType: { name },
  ...(details === undefined
    ? {}
    : { heartbeatDetails: { payloads: [defaultPayloadConverter.toPayload(details)!] } }),
});
const stepsOf = ({ slots }: TrainingStatus) => slots.map(({ step }) => step);

describe('the status of a ring', () => {
  it('takes what heartbeats say since the workflow last heard, rank by rank', () => {
    const now = refreshed(status, [activity('10', word(19)), activity('9', word(20))]);
    assert.deepEqual(stepsOf(now), [20, 19]);
    assert.deepEqual([now.progress?.step, now.slots[1]!.tokensPerSecond], [20, 1019]);
  });

  it('goes back by no heartbeat, and takes none that it cannot give a rank', () => {
    assert.deepEqual(stepsOf(refreshed(status, [activity('9', word(11)), activity('10')])), [12, null]);
    assert.deepEqual(refreshed(status, [activity('9', word(20))]), status);
    const other = [activity('9', word(20)), activity('10', word(20), 'prepareSlot')];
    assert.deepEqual(refreshed(status, other), status);
    assert.deepEqual(refreshed(status, [activity('9', 'rubbish'), activity('10', {})]), status);
  });
});
