import assert from 'node:assert/strict';
import { ProgressDisplay } from '../../src/cli/progress.ts';
import { slotLines, trainingLine } from '../../src/cli/training-view.ts';
import type { SlotStatus, TrainingStatus } from '../../src/contracts/progress.ts';

const shares = { compute: 0.914, wait: 0.05, transfer: 0.031, data: 0.004 };
const slot = (rank: number, more: Partial<SlotStatus> = {}): SlotStatus => ({
  rank,
  queue: `ring-slot/host/${rank + 1}`,
  device: 'cpu',
  kernel: 'avx512',
  threads: 1,
  step: 12,
  loss: 0.25,
  tokensPerSecond: 4000,
  memoryMb: 310.4,
  shares,
  ...more,
});
const status: TrainingStatus = {
  state: 'training',
  epoch: 3,
  ringSize: 2,
  slots: [slot(0), slot(1)],
  restarts: 2,
  stepsLost: 1,
  fullRestarts: 0,
  progress: {
    step: 12,
    totalSteps: 40,
    loss: 0.25,
    secondsUsed: 6,
    budgetSeconds: null,
    tokensPerSecond: 4000,
    memoryMb: 310,
    shares,
  },
  slotMemoryMb: [310, 310],
  secondsLeft: 14,
  lastFailure: null,
  waitingFor: null,
  bitsMayDiffer: false,
};

describe('a training on the terminal', () => {
  it('has a line for each slot: its kernel, its step, where its time goes, its memory', () => {
    assert.deepEqual(slotLines([slot(0), slot(1, { queue: 'far', kernel: null, threads: 4, step: 9 })]), [
      '   0  ring-slot/host/1  avx512 ×1  step 12  compute  91 %  wait   5 %  data   0 %  transfer   3 %  310 MB',
      '   1  far               cpu ×4     step  9  compute  91 %  wait   5 %  data   0 %  transfer   3 %  310 MB',
    ]);
    const silent = slotLines([slot(0, { step: null, shares: null, memoryMb: null })]);
    assert.match(silent[0]!, /ring-slot\/host\/1 .* nothing heard yet$/);
  });

  it('says in one line how far it is, what it waits for and what broken rings have cost', () => {
    assert.equal(
      trainingLine(status),
      'training, step 12, loss 0.2500, 4000 tokens/s on 2 slots, ring formed anew 2 times, 1 step done again',
    );
    const waiting = trainingLine({
      ...status,
      state: 'waiting for slots',
      waitingFor: 'waiting for 2 slots: 1 is free',
      progress: null,
      bitsMayDiffer: true,
    });
    assert.match(waiting, /^waiting for 2 slots: 1 is free, .*bits may differ/);
    assert.match(trainingLine({ ...status, waitingFor: 'waiting for a slot' }), /waiting for a slot/);
  });

  /** What a terminal shows after all that was written: enough of its control sequences for this. */
  function screenOf(written: string): string[] {
    const rows = [''];
    let at = 0;
    for (const [part] of written.replaceAll('\x1b', '^').matchAll(/\^\[\d*[AJ]|\r|\n|[^^\r\n]+/g)) {
      if (part.startsWith('^[') && part.endsWith('A')) at -= Number(part.slice(2, -1));
      else if (part === '^[J') rows.splice(at, rows.length, '');
      else if (part === '\n') rows[++at] ??= '';
      else if (part !== '\r') rows[at] += part;
    }
    return rows;
  }

  it('redraws bar and slots in place, and leaves them standing above what comes after', () => {
    let now = 0;
    let written = '';
    const output = { isTTY: true, columns: 60, rows: 24, write: (text: string) => (written += text) };
    const display = new ProgressDisplay(output, () => now);
    const bar = (done: number) => ({ stage: 'train', done, total: 10, unit: 'steps' });
    display.show(bar(1), ['a', 'b']);
    display.show(bar(1), ['not yet']);
    now += 1000;
    display.show(bar(2), ['c'.repeat(80)]);
    now += 1000;
    display.show(bar(5), ['d', 'e', 'f']);
    assert.deepEqual(screenOf(written).slice(1), ['d', 'e', 'f']);
    assert.match(screenOf(written)[0]!, /^train .* 50 %/);
    assert.ok(written.includes(`\n${'c'.repeat(59)}`) && !written.includes('c'.repeat(60)));
    display.line('said');
    display.show(bar(6));
    const [, ...after] = screenOf(written);
    assert.deepEqual(after.slice(0, 4), ['d', 'e', 'f', 'said']);
  });

  it('draws no more than the screen holds', () => {
    let written = '';
    const output = { isTTY: true, columns: 60, rows: 4, write: (text: string) => (written += text) };
    const display = new ProgressDisplay(output, () => 0);
    display.show({ stage: 'train', done: 1, total: 2, unit: 'steps' }, ['a', 'b', 'c', 'd']);
    assert.deepEqual(screenOf(written).slice(1), ['a', 'b']);
  });

  it('shows slots on terminals alone', () => {
    let written = '';
    const display = new ProgressDisplay({ write: (text) => (written += text) }, () => 0);
    display.show({ stage: 'train', done: 1, total: 2, unit: 'steps' }, ['slot']);
    assert.doesNotMatch(written, /slot/);
  });
});
