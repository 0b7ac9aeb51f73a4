import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { followLog, readLog } from '../../src/cli/log-reader.ts';
import { ProgressDisplay, compact, duration } from '../../src/cli/progress.ts';
import { scoreTable } from '../../src/cli/score-table.ts';
import { table } from '../../src/cli/table.ts';
import { spellScored } from '../../src/cli/verbs/models.ts';
import { trainingProgress } from '../../src/cli/training-view.ts';
import { eventually } from '../stack/samples.ts';
import { messageOf } from '../../src/errors.ts';

/** A screen that keeps what is written on it, and a clock that stands still until it is told. */
function screen({ isTTY = false } = {}) {
  const state = { now: 0, text: '' };
  const output = { isTTY, columns: 200, write: (part: string) => (state.text += part) };
  return { state, display: new ProgressDisplay(output, () => state.now) };
}

describe('progress', () => {
  it('shows stage, percent, rate and the time left', () => {
    const { state, display } = screen();
    display.show({ stage: 'train', done: 0, total: 100, unit: 'steps' });
    state.now = 10_000;
    display.show({ stage: 'train', done: 40, total: 100, unit: 'steps', note: 'loss 0.1' });
    const last = state.text.trim().split('\n').at(-1)!;
    assert.match(
      last,
      /^train +\[#{10}\.{14}\] +40 % {2}40\/100 steps {2}4 steps\/s {2}15 s left {2}loss 0\.1$/,
    );
  });

  it('counts the rate from where a stage was taken up, not from nothing', () => {
    const { state, display } = screen();
    display.show({ stage: 'ingest', done: 90, total: 100, unit: 'windows' });
    state.now = 6000;
    display.show({ stage: 'ingest', done: 96, total: 100, unit: 'windows' });
    assert.match(state.text, /1 windows\/s {2}4 s left/);
  });

  it('tells no rate of seconds, of which one passes each second', () => {
    for (const unit of ['s', 's of the budget']) {
      const { state, display } = screen();
      display.show({ stage: 'train', done: 0, total: 60, unit });
      state.now = 30_000;
      display.show({ stage: 'train', done: 30, total: 60, unit, note: 'step 9' });
      const last = state.text.trim().split('\n').at(-1)!;
      assert.ok(last.endsWith(`30/60 ${unit}  30 s left  step 9`), last);
    }
  });

  it('redraws one line on a terminal, and writes few plain lines elsewhere', () => {
    for (const isTTY of [true, false]) {
      const { state, display } = screen({ isTTY });
      for (let done = 0; done < 100; done += 1) {
        state.now += 200;
        display.show({ stage: 'x', done, total: 100, unit: 'rows' });
      }
      display.line('between');
      const lines = state.text.split('\n');
      if (isTTY) assert.deepEqual([lines.length, lines[1]], [3, 'between']);
      else assert.ok(lines.length <= 7, `${lines.length} lines`);
    }
  });

  it('draws on a terminal that does not say how large it is', () => {
    const state = { text: '' };
    const output = { isTTY: true, columns: 0, rows: 0, write: (part: string) => (state.text += part) };
    new ProgressDisplay(output, () => 0).show({ stage: 'x', done: 1, total: 2, unit: 'steps' }, ['below']);
    assert.match(state.text, /1\/2 steps\nbelow$/);
  });

  it('writes numbers and durations as people do', () => {
    assert.deepEqual([4.25, 950, 12_345, 1_500_000, 999_960].map(compact), [
      '4.3',
      '950',
      '12.3k',
      '1.5M',
      '1.0M',
    ]);
    assert.deepEqual([42, 185, 7800].map(duration), ['42 s', '3 min 05 s', '2 h 10 min']);
  });

  it('measures a training by what will end it first', () => {
    const status = {
      state: 'training' as const,
      epoch: 1,
      ringSize: 2,
      slots: [],
      restarts: 0,
      stepsLost: 0,
      fullRestarts: 0,
      waitingFor: null,
      bitsMayDiffer: false,
    };
    const rest = { slotMemoryMb: [], secondsLeft: null, lastFailure: null };
    const at = {
      step: 10,
      loss: 0.5,
      tokensPerSecond: 1000,
      memoryMb: 100,
      shares: { compute: 0.9, wait: 0.05, transfer: 0.02, data: 0.01 },
      secondsUsed: 30,
    };
    const progress = (totalSteps: number | null, budgetSeconds: number | null) =>
      trainingProgress({ ...status, ...rest, progress: { ...at, totalSteps, budgetSeconds } });
    assert.equal(progress(20, 600).unit, 'steps');
    assert.deepEqual([progress(1000, 60).done, progress(1000, 60).total], [30, 60]);
    assert.equal(
      trainingProgress({ ...status, ...rest, state: 'waiting for slots', progress: null }).note,
      'waiting for slots',
    );
  });
});

describe('the scores of versions', () => {
  it('say what they are of: those of other hours are not comparable', () => {
    const day = { regions: ['PACW'], from: '2024-12', to: '2024-12', hours: 744 };
    assert.equal(spellScored(day), 'PACW, 2024-12, 744 h');
    const regions = ['PACW', 'MISO', 'ERCO'];
    assert.equal(
      spellScored({ regions, from: '2018', to: '2019', hours: 52_560 }),
      '3 regions, 2018..2019, 52560 h',
    );
    assert.equal(spellScored({ ...day, from: null, to: null }), 'PACW, 744 h');
  });
});

describe('tables', () => {
  it('align their columns', () => {
    assert.equal(
      table(['a', 'value'], [['long name', '1']]),
      'a          value\n---------  -----\nlong name      1',
    );
    assert.equal(
      table(
        ['rule', 'says', 'hours'],
        [
          ['a', 'too late', '–'],
          ['b', '-', '12'],
        ],
      ),
      'rule  says      hours\n----  --------  -----\na     too late      –\nb     -            12',
    );
  });

  it('show a model beside every baseline, and a dash where one has no value', () => {
    const scores = { model: 4.123, operator: null, persistence48: 8, persistence168: 7, latestKnown: 6 };
    const none = { model: 100.4 };
    const text = scoreTable([
      { region: 'ERCO', hours: 8000, mape: scores, mae: none, rmse: none, mase: none, beatsBaselines: true },
    ]);
    assert.match(text.split('\n')[2]!, /^ERCO Electric.* 4\.12 +- +8\.00 +7\.00 +6\.00 +100 +8000 +yes$/);
  });
});

describe('logs', () => {
  it('are read by level, whoever wrote them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ringwatt-logs-'));
    const path = join(folder, 'x.log');
    const lines = [
      '{"level":30,"time":0,"msg":"pino"}',
      '{"level":"WARN","time":"2026-01-01T00:00:00Z","msg":"go"}',
      '{"lev',
    ];
    writeFileSync(path, lines.join('\n'));
    assert.deepEqual(
      readLog(path, 10, 'debug').map(({ event }) => event['msg']),
      ['pino', 'go'],
    );
    assert.deepEqual(
      readLog(path, 10, 'warn').map(({ text }) => text),
      ['00:00:00 warn  go'],
    );
    assert.throws(() => readLog(path, 10, 'loud'), /Unknown level "loud"/);
    rmSync(folder, { recursive: true });
  });

  it('are followed through a rotation', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ringwatt-logs-'));
    const path = join(folder, 'x.log');
    writeFileSync(path, '{"msg":"old"}\n');
    const stop = new AbortController();
    const seen: string[] = [];
    const following = followLog(path, 'debug', stop.signal, (text) => seen.push(text));
    appendFileSync(path, '{"msg":"one, which is longer than what follows"}\n');
    await eventually(() => seen.length === 1);
    renameSync(path, `${path}.1`);
    writeFileSync(path, '{"msg":"two"}\n');
    await eventually(() => seen.length === 2);
    stop.abort();
    await following;
    assert.match(seen[1]!, /two/);
    rmSync(folder, { recursive: true });
  });
});

describe('failures', () => {
  it('are told by their root, in one line, and by the type they had before Temporal', async () => {
    const { reportFailure } = await import('../../src/cli/failures.ts');
    const root = ApplicationFailure.create({
      message: 'Too few hours.\nAsk for more.',
      type: 'MissingDataError',
    });
    const written: string[] = [];
    const streams = [process.stdout, process.stderr] as const;
    const originals = streams.map((stream) => stream.write.bind(stream));
    for (const stream of streams)
      stream.write = ((text: string) => written.push(text) > 0) as typeof stream.write;
    let code: number;
    try {
      code = reportFailure(new Error('Workflow execution failed', { cause: root }), true);
    } finally {
      streams.forEach((stream, index) => (stream.write = originals[index]!));
    }
    assert.equal(code, 1);
    assert.ok(written.includes('error: Too few hours. Ask for more.\n'));
    const { error } = JSON.parse(written.find((line) => line.startsWith('{'))!) as {
      error: { kind: string };
    };
    assert.equal(error.kind, 'MissingDataError');
  });

  it('say that a job was cancelled, and how it goes on', async () => {
    const { reasonOf } = await import('../../src/cli/failures.ts');
    const failed = new Error('Workflow execution cancelled', {
      cause: new CancelledFailure('Workflow canceled'),
    });
    assert.equal(
      messageOf(reasonOf(failed)),
      'The job was cancelled. The same command goes on from what was done.',
    );
  });
});
