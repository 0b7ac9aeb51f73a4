import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import { trainingSettings, type SegmentInput, type TrainingSettings } from '../../src/contracts/training.ts';
import { HOUR_SECONDS } from '../../src/contracts/time.ts';
import { loadConfig } from '../../src/config/config.ts';
import { referTo, writeContent, writeManifest } from '../../src/lake/artifacts.ts';
import { workKey } from '../../src/lake/canonical.ts';
import { Home } from '../../src/lake/home.ts';
import { tensor, writeSafetensors } from '../../src/lake/safetensors.ts';
import { gaussians, randomOf } from '../../src/model/random.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';

export const HOURS = 600;
export const LENGTH = 90;
export const CHANNELS = ['level', 'sine', 'cosine', 'noise'];
const FIRST = Date.UTC(2017, 0, 1, 1) / 1000;

const made: string[] = [];
after(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true }))));

/** Two regions of invented demand, every second day another, small enough that a step takes milliseconds. */
export async function smallHome(
  sequenceLength = LENGTH,
  hours = HOURS,
): Promise<{ home: Home; sequences: ArtifactReference }> {
  const home = await Home.open(await mkdtemp(join(tmpdir(), 'ringwatt-training-')));
  made.push(home.root);
  const key = workKey({ sequenceLength, hours });
  const files = [];
  const regions = ['ERCO', 'MISO'];
  for (const region of regions) {
    const noise = gaussians(randomOf('demand', region), hours, 0.03);
    const demand = Float32Array.from(
      { length: hours },
      (_, t) =>
        1000 *
        Math.exp(0.2 * Math.sin((2 * Math.PI * t) / 24) + 0.1 * Math.sin((2 * Math.PI * t) / 48) + noise[t]!),
    );
    const final = demand.slice();
    final.fill(Number.NaN, 200, 205);
    const inputs = new Float32Array(hours * CHANNELS.length);
    for (let t = 0; t < hours; t++) {
      const angle = (2 * Math.PI * t) / 48;
      inputs.set(
        [10 * (demand[t]! / 1000 - 1), Math.sin(angle), Math.cos(angle), noise[(t * 7) % hours]! * 30],
        t * 4,
      );
    }
    const uri = `sequences/${key}/region=${region}.safetensors`;
    await writeSafetensors(home.path(uri), {
      inputs: tensor(inputs, [hours, CHANNELS.length]),
      valid_at: tensor(
        BigInt64Array.from({ length: hours }, (_, t) => BigInt(FIRST + t * HOUR_SECONDS)),
        [hours],
      ),
      demand_known: tensor(demand, [hours]),
      demand_final: tensor(final, [hours]),
    });
    files.push({ ...(await referTo(home, uri, hours)), region, role: 'region' });
  }
  for (const role of ['normaliser', 'catalogue']) {
    files.push({ ...(await writeContent(home, `sequences/${key}`, 'json', `{"${role}":1}`)), role });
  }
  const starts = Array.from(
    { length: Math.max(1, Math.floor((hours - sequenceLength - 24) / 70)) },
    (_, i) => 24 + 70 * i,
  );
  const sequences = await writeManifest(home, {
    formatVersion: 1,
    kind: 'sequences',
    key,
    madeBy: { stage: 'sequences', version: 1, settings: {} },
    inputs: [],
    files,
    rows: 2 * hours,
    details: {
      channels: CHANNELS,
      frozen: [],
      sequenceLength,
      stride: 70,
      horizon: 30,
      train: { from: '2017-01', to: '2018' },
      score: { from: '2018', to: '2018' },
      regions,
      windows: Object.fromEntries(regions.map((region) => [region, starts])),
    },
  });
  return { home, sequences };
}

export const smallSettings = (more: Partial<TrainingSettings> = {}): TrainingSettings =>
  trainingSettings.parse({
    width: 16,
    heads: 2,
    layers: 2,
    maxSteps: 6,
    budgetMinutes: 60,
    checkpointEverySteps: 100,
    ...more,
  });

export function segmentOf(
  sequences: ArtifactReference,
  settings: TrainingSettings,
  more: Partial<SegmentInput> = {},
): Omit<SegmentInput, 'rank' | 'worldSize' | 'peers' | 'epoch'> {
  return { runId: 'run', sequences, settings, secondsUsed: 0, segmentSeconds: 600, ...more };
}

export const contextOf = (home: Home): StageContext => ({
  home,
  config: loadConfig({ home: home.root }, { environment: {} }),
  signal: new AbortController().signal,
  progress: () => undefined,
  log: silentLogger,
});
