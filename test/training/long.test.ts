import assert from 'node:assert/strict';
import { LONGEST_SEQUENCE_HOURS } from '../../src/contracts/sequence-length.ts';
import { sequencesInput } from '../../src/contracts/stages.ts';
import { firstHourOf, HOUR_SECONDS, lastHourOf } from '../../src/contracts/time.ts';
import type { SegmentInput, SegmentResult, TrainingSettings } from '../../src/contracts/training.ts';
import { BadInputError } from '../../src/errors.ts';
import type { Home } from '../../src/lake/home.ts';
import { startBackend } from '../../src/backend/backend.ts';
import { onLocalRing } from '../../src/ring/local.ts';
import { trainingWindows } from '../../src/sequences/training-windows.ts';
import { readCheckpoint } from '../../src/training/recovery/checkpoint.ts';
import { noControls } from '../../src/training/controls.ts';
import { trainSegment } from '../../src/training/segment.ts';
import { segmentOf, smallHome, smallSettings } from './small-home.ts';

const SEVEN_YEARS = 61_344;

async function train(
  { home, sequences }: Awaited<ReturnType<typeof smallHome>>,
  settings: TrainingSettings,
  runId: string,
): Promise<SegmentResult> {
  const segment = segmentOf(sequences, settings, { runId });
  const [result] = await onLocalRing(2, (ring) => {
    const place: Omit<SegmentInput, keyof typeof segment> = {
      ...{ epoch: 1, rank: ring.rank, worldSize: 2, peers: [] },
    };
    return trainSegment(home, { ...segment, ...place }, ring, noControls);
  });
  return result!;
}

const weightsOf = async (home: Home, { checkpoint }: SegmentResult) =>
  (await readCheckpoint(home, checkpoint!)).optimizer.weights;

describe('long sequences', () => {
  before(startBackend);

  it('of seven years fit into the record, and no longer one is taken', () => {
    const first = firstHourOf('2015-07');
    const hours = (lastHourOf('2022-07') - first) / HOUR_SECONDS + 1;
    const demand = new Float32Array(hours).fill(1000);
    const plan = { stride: 168, horizon: 48, from: 0, to: hours };
    assert.equal(trainingWindows(demand, demand, { ...plan, sequenceLength: SEVEN_YEARS }).length, 5);
    const dataset = { uri: 'manifests/features/0.json', sha256: '0'.repeat(64), bytes: 1 };
    const asked = (sequenceLength: number) => sequencesInput.safeParse({ dataset, sequenceLength }).success;
    assert.deepEqual([LONGEST_SEQUENCE_HOURS, LONGEST_SEQUENCE_HOURS + 1].map(asked), [true, false]);
    assert.ok(LONGEST_SEQUENCE_HOURS >= SEVEN_YEARS);
  });

  it('of seven years train a step, here with a window of two days', async () => {
    const settings = smallSettings({ maxSteps: 1, layers: 1, width: 8, heads: 1, window: 48 });
    const home = await smallHome(SEVEN_YEARS, SEVEN_YEARS + 200);
    const { step, finished, loss } = await train(home, settings, 'long');
    assert.deepEqual([step, finished], [1, true]);
    assert.ok(loss > 0);
  });

  it('train to the same bits when attention is computed again going back', async () => {
    const home = await smallHome();
    const settings = smallSettings({ maxSteps: 3, kvHeads: 1, sequencesPerStep: 2 });
    const kept = await train(home, settings, 'kept');
    const again = await train(home, { ...settings, gradientCheckpointing: true }, 'again');
    assert.deepEqual(await weightsOf(home.home, again), await weightsOf(home.home, kept));
    assert.equal(again.loss, kept.loss);
  });

  it('see with a window what they do not see without, and differ', async () => {
    const home = await smallHome();
    const settings = smallSettings({ maxSteps: 2 });
    const whole = await weightsOf(home.home, await train(home, settings, 'whole'));
    const windowed = await weightsOf(home.home, await train(home, { ...settings, window: 6 }, 'windowed'));
    const all = await weightsOf(home.home, await train(home, { ...settings, window: 10_000 }, 'all'));
    assert.notDeepEqual(windowed, whole);
    assert.deepEqual(all, whole);
  });

  it('say what rounding took from what travelled, once a segment, and train alike on every rank', async () => {
    const home = await smallHome();
    const settings = smallSettings({ maxSteps: 2 });
    const exact = await train(home, settings, 'exact');
    const halves = await train(home, { ...settings, wire: 'bfloat16' }, 'halves');
    assert.equal(exact.wireError, undefined);
    assert.match(halves.wireError!, /^bfloat16 on the wire, largest error by largest value: k \S+ .*dv \S+/);
    // Each tensor loses something, and no more than half a unit of the eighth bit.
    const lost = [...halves.wireError!.matchAll(/ d?[kv] (\S+)/g)].map((match) => Number(match[1]));
    assert.equal(lost.length, 4);
    for (const share of lost) assert.ok(share > 1e-4 && share <= 2 ** -8, halves.wireError);
    const [a, b] = [await weightsOf(home.home, exact), await weightsOf(home.home, halves)];
    assert.notDeepEqual(a, b);
    const worst = a.reduce((max, w, i) => Math.max(max, Math.abs(w - b[i]!)), 0);
    assert.ok(worst < 1e-2, `weights are off by ${worst}`);
  });

  it('compute with halves where the kernel has them, and are refused with a cure where it has not', async () => {
    const home = await smallHome();
    const settings = smallSettings({ maxSteps: 2 });
    const halves = train(home, { ...settings, precision: 'bfloat16' }, 'bfloat16');
    const refused = await halves.then(
      () => undefined,
      (error: Error) => error,
    );
    if (refused) {
      assert.ok(refused instanceof BadInputError, `${refused}`);
      assert.match(refused.message, /does not compute in bfloat16 \(kernel: \w+\)/);
      assert.match(refused.cure, /precision float32/);
      return;
    }
    const exact = await weightsOf(home.home, await train(home, settings, 'float32'));
    const rounded = await weightsOf(home.home, await halves);
    assert.notDeepEqual(rounded, exact);
    const worst = exact.reduce((max, w, i) => Math.max(max, Math.abs(w - rounded[i]!)), 0);
    assert.ok(worst < 1e-2, `weights are off by ${worst}`);
  });
});
