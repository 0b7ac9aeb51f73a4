import type { FromSlot, ToSlot } from '../../src/training/slots/slot-protocol.ts';
import { reference } from '../support/fake-stages.ts';

// A slot's child without mathematics: what it does is named by the run.

/** Of the segment in hand. */
let epoch = 0;
const tell = (message: FromSlot) => process.send!(message);
const progressAt = (step: number): FromSlot => ({
  kind: 'progress',
  epoch,
  progress: {
    step,
    totalSteps: 2,
    loss: 1,
    secondsUsed: step,
    budgetSeconds: 60,
    tokensPerSecond: 1,
    memoryMb: 1,
    shares: { compute: 0.9, wait: 0.05, transfer: 0.02, data: 0.01 },
  },
});
const done = (finished: boolean): FromSlot => ({
  kind: 'done',
  epoch,
  result: {
    rank: 0,
    step: 2,
    finished,
    loss: 1,
    secondsUsed: 2,
    tokensPerSecond: 1,
    memoryMb: 1,
    shares: { compute: 0.9, wait: 0.05, transfer: 0.02, data: 0.01 },
    kernel: null,
    checkpoint: reference('saved'),
  },
});

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToSlot) => {
  switch (message.kind) {
    case 'listen': {
      const { runId, epoch, token, host } = message;
      tell({ kind: 'listening', runId, epoch, address: `${host}:${runId}:${epoch}:${token}` });
      return;
    }
    case 'train':
      epoch = message.segment.epoch;
      return train(message.segment.runId);
    case 'stop':
      tell(done(false));
  }
});

function train(behaviour: string): void {
  tell(progressAt(1));
  if (behaviour === 'fatal') process.kill(process.pid, 'SIGKILL');
  if (behaviour === 'broken') {
    const error = {
      name: 'RingBrokenError',
      message: 'The link to rank 1 is gone.',
      cure: '',
    };
    tell({ kind: 'failed', epoch, error });
  }
  if (behaviour !== 'plain') return;
  tell(progressAt(2));
  tell(done(true));
}

tell({ kind: 'ready', numerics: 'none', device: 'cpu', kernel: null, threads: 1, memoryMb: 1 });
