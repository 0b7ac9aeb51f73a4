import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Registry } from 'prom-client';
import type { Home } from '../../../src/lake/home.ts';
import { ServingProblem } from '../../../src/serving/problem.ts';
import type { PredictAnswer } from '../../../src/serving/service.ts';
import { letGoOf, servingTensor, type TensorMap } from '../../../src/serving/tensor.ts';
import { trafficMetrics } from '../../../src/serving/traffic/metrics.ts';
import { addToSummary, readSummary } from '../../../src/serving/traffic/shadow/file.ts';
import { Shadow, type ShadowAsked, type ShadowParts } from '../../../src/serving/traffic/shadow/shadow.ts';
import type { TrafficState } from '../../../src/serving/traffic/state.ts';
import { silentLogger } from '../../../src/stages/context.ts';
import { withHome } from '../../backtest/sample-home.ts';
import { NAME, answerOf, inputs, stateOf, twice } from './shadowed.ts';

const PROCESS = fileURLToPath(new URL('shadowing-process.ts', import.meta.url));

const withShadow = (
  parts: Partial<ShadowParts>,
  act: (shadow: Shadow, home: Home, asked: ShadowAsked[]) => Promise<void>,
) =>
  withHome(async ({ home }) => {
    const asked: ShadowAsked[] = [];
    const { run = twice, ...others } = parts;
    const shadow = new Shadow({
      ...{ home, log: silentLogger, everyMs: 2 ** 30 },
      run: (one, signal) => {
        asked.push(one);
        return run(one, signal);
      },
      ...others,
    });
    await act(shadow, home, asked);
    await shadow.close();
  });

function offer(
  shadow: Shadow,
  requestId: string,
  changes: Partial<PredictAnswer> = {},
  state: TrafficState = stateOf(),
) {
  const answer = { ...answerOf(), ...changes };
  const dealt = { model: answer.model, version: answer.version };
  shadow.offer(state, { inputs, signature: 's' }, answer, { requestId, seconds: 0.02, dealt });
}

/** A run that ends when it is told to. */
function held() {
  const { promise, resolve } = Promise.withResolvers<TensorMap>();
  return { run: () => promise, release: () => resolve(answerOf().outputs) };
}

describe('a shadow', () => {
  it('is shown a share of what the champion answered, always the same requests, and nothing else', () =>
    withShadow({ most: 10_000 }, async (shadow, _home, asked) => {
      const state = stateOf({ share: 0.3 });
      for (let i = 0; i < 2000; i++) offer(shadow, `r${i}`, {}, state);
      await shadow.settled();
      const shown = asked.length;
      // Four standard deviations of a binomial share.
      assert.ok(Math.abs(shown / 2000 - 0.3) < 4 * Math.sqrt((0.3 * 0.7) / 2000), String(shown));
      for (let i = 0; i < 2000; i++) offer(shadow, `r${i}`, {}, state);
      await shadow.settled();
      assert.equal(asked.length, 2 * shown);
      assert.deepEqual(asked[0], { model: NAME, version: 2, signature: 's', inputs, outputs: undefined });
      for (const changes of [{ cached: true }, { version: 2 }, { model: 'other' }])
        offer(shadow, 'r', changes);
      offer(shadow, 'r', {}, { ...stateOf(), shadow: null });
      await shadow.settled();
      assert.equal(asked.length, 2 * shown);
    }));

  it('holds what was asked in memory of its own: the door gives its own back', () =>
    withShadow({}, async (shadow, _home, asked) => {
      const data = new Float32Array(1000).fill(3);
      const mine: TensorMap = new Map([['x', servingTensor('float32', [1000], data)]]);
      const dealt = { model: NAME, version: 1 };
      const ofDoor = { inputs: mine, signature: 's' };
      shadow.offer(stateOf(), ofDoor, answerOf(), { requestId: 'r', seconds: 1, dealt });
      letGoOf(mine);
      await shadow.settled();
      assert.deepEqual(asked[0]!.inputs.get('x')!.data, new Float32Array(1000).fill(3));
    }));

  it('is compared with the champion by outputs, time and failures, in the file and as metrics', () => {
    const registry = new Registry();
    const run = async ({ inputs: given }: ShadowAsked) => {
      if (!given.has('x')) throw new ServingProblem('UNAVAILABLE', 'Not now.');
      return new Map([['y', servingTensor('float32', [2], Float32Array.of(2, 5))]]);
    };
    return withShadow({ run, observer: trafficMetrics(registry) }, async (shadow, home) => {
      for (let i = 0; i < 3; i++) offer(shadow, `r${i}`);
      const dealt = { model: NAME, version: 1 };
      const other = { inputs: new Map([['z', inputs.get('x')!]]), signature: 's' };
      shadow.offer(stateOf(), other, answerOf(), { requestId: 'r', seconds: 1, dealt });
      await shadow.settled();
      await shadow.flush();
      const summary = (await readSummary(home, NAME))!;
      assert.deepEqual(
        [summary.generation, summary.champion, summary.candidate, summary.requests, summary.failures],
        [7, 1, 2, { compared: 3, failed: 1, full: 0, late: 0 }, { UNAVAILABLE: 1 }],
      );
      const { absolute, relative, mismatched } = summary.outputs['s/y']!;
      assert.deepEqual([absolute.max, relative.max, absolute.sum, mismatched], [1, 0.25, 3, 0]);
      assert.equal(summary.seconds.champion.max, 0.02);
      const text = await registry.metrics();
      assert.match(
        text,
        /ringwatt_shadow_requests_total\{model="day-ahead",candidate="2",result="compared"\} 3/,
      );
      assert.match(
        text,
        /ringwatt_shadow_requests_total\{model="day-ahead",candidate="2",result="failed"\} 1/,
      );
      assert.match(text, /relative_difference_sum\{model="day-ahead",candidate="2",output="s\/y"\} 0\.75/);
    });
  });

  it('compares the outputs that the caller asked for', () =>
    withShadow({}, async (shadow, home) => {
      const dealt = { model: NAME, version: 1 };
      const asked = { inputs, signature: 's', outputs: ['y'] };
      const run = { requestId: 'r', seconds: 1, dealt };
      shadow.offer(stateOf(), asked, answerOf(), run);
      await shadow.settled();
      await shadow.flush();
      assert.deepEqual(Object.keys((await readSummary(home, NAME))!.outputs), ['s/y']);
    }));

  it('holds no more than it may, and drops what comes then, while a candidate does not answer', () => {
    const { run, release } = held();
    return withShadow({ run, most: 3 }, async (shadow, home, asked) => {
      offer(shadow, 'first');
      while (asked.length === 0) await new Promise((done) => setImmediate(done));
      for (let i = 0; i < 10; i++) offer(shadow, `r${i}`);
      release();
      await shadow.settled();
      await shadow.flush();
      assert.deepEqual((await readSummary(home, NAME))!.requests, {
        compared: 4,
        failed: 0,
        full: 7,
        late: 0,
      });
    });
  });

  it('holds no more bytes than it may', () =>
    withShadow({ mostBytes: 40 }, async (shadow, home) => {
      // Eight bytes in, eight out.
      for (let i = 0; i < 5; i++) offer(shadow, `r${i}`);
      await shadow.settled();
      offer(shadow, 'later');
      await shadow.settled();
      await shadow.flush();
      assert.deepEqual((await readSummary(home, NAME))!.requests, {
        compared: 3,
        failed: 0,
        full: 3,
        late: 0,
      });
    }));

  it('waits while callers do, and lets go of what waited too long', async () => {
    let busy = true;
    await withShadow({ isBusy: () => busy }, async (shadow, _home, asked) => {
      offer(shadow, 'r');
      await new Promise((done) => setTimeout(done, 30));
      assert.equal(asked.length, 0);
      busy = false;
      await shadow.settled();
      assert.equal(asked.length, 1);
    });
    await withShadow({ isBusy: () => true, lateMs: 20 }, async (shadow, home, asked) => {
      offer(shadow, 'r');
      await shadow.settled();
      await shadow.flush();
      assert.deepEqual([asked.length, (await readSummary(home, NAME))!.requests.late], [0, 1]);
    });
  });

  it('has failed where it answers too late, and is over at once where the process ends', async () => {
    const { run } = held();
    await withShadow({ run, runMs: 10 }, async (shadow, home) => {
      offer(shadow, 'r');
      await shadow.settled();
      await shadow.flush();
      assert.deepEqual((await readSummary(home, NAME))!.failures, { DEADLINE_EXCEEDED: 1 });
    });
    await withShadow({ run }, async (shadow, home) => {
      for (let i = 0; i < 5; i++) offer(shadow, `r${i}`);
      await shadow.close();
      offer(shadow, 'after');
      assert.deepEqual((await readSummary(home, NAME))!.requests, {
        compared: 0,
        failed: 0,
        full: 0,
        late: 5,
      });
    });
  });

  it('is told of by all processes in one file, and a later one alone', () =>
    withHome(async ({ home }) => {
      const children = [1, 2, 3].map(() => fork(PROCESS, [home.root, '200']));
      const codes = await Promise.all(
        children.map(async (child) => (await once(child, 'exit'))[0] as number),
      );
      assert.deepEqual(codes, [0, 0, 0]);
      const summary = (await readSummary(home, NAME))!;
      assert.equal(summary.requests.compared, 600);
      await addToSummary(home, { ...summary, generation: 9, candidate: 3 });
      await addToSummary(home, summary);
      assert.deepEqual(await readSummary(home, NAME), { ...summary, generation: 9, candidate: 3 });
    }));

  it('keeps what it compared while it cannot be written, says so once, and writes it when it can', () => {
    const complaints: object[] = [];
    const log = { ...silentLogger, error: (fields: object) => void complaints.push(fields) };
    return withShadow({ log }, async (shadow, home) => {
      const path = home.path(`serving/shadow/${NAME}.json`);
      await mkdir(path, { recursive: true });
      for (let i = 0; i < 2; i++) {
        offer(shadow, `r${i}`);
        await shadow.settled();
        await assert.rejects(shadow.flush(), /EISDIR/);
      }
      assert.equal(complaints.length, 1);
      await rm(path, { recursive: true });
      await shadow.flush();
      assert.equal((await readSummary(home, NAME))!.requests.compared, 2);
    });
  });
});
