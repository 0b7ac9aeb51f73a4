import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArtifactKind, ArtifactReference, Manifest } from '../../src/contracts/artifact.ts';
import type { RegionCode } from '../../src/contracts/regions.ts';
import { HOUR_SECONDS } from '../../src/contracts/time.ts';
import { loadConfig } from '../../src/config/config.ts';
import { referTo, writeContent, writeManifest } from '../../src/lake/artifacts.ts';
import { workKey } from '../../src/lake/canonical.ts';
import { Home } from '../../src/lake/home.ts';
import { writeColumns } from '../../src/lake/parquet.ts';
import { tensor, writeSafetensors } from '../../src/lake/safetensors.ts';
import { silentLogger, type StageContext } from '../../src/stages/context.ts';
import type { SequencePredictor } from '../../src/backtest/predictions.ts';

/** One region's hours from `firstHour` on; MW, NaN where there is none. */
export interface SampleSeries {
  firstHour: number;
  demand: Float32Array;
  operator: Float32Array;
}

export interface SampleHome {
  context: StageContext;
  grid: ArtifactReference;
  validated: ArtifactReference;
  features: ArtifactReference;
  sequences: ArtifactReference;
  model: ArtifactReference;
}

export const HORIZON = 48;
export const SEQUENCE_LENGTH = 504;

export const contextOf = (home: Home): StageContext => ({
  home,
  config: loadConfig({}, { environment: {} }),
  signal: new AbortController().signal,
  progress() {},
  log: silentLogger,
});

export async function withHome<T>(act: (context: StageContext) => Promise<T>): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'ringwatt-test-'));
  try {
    return await act(contextOf(await Home.open(root)));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/**
 * A home with the manifests that lead up to a backtest, of the form the stages write. The model's only input channel
 * is the row's number, so that a test's forecaster can tell where it stands.
 */
export async function sampleHome(
  context: StageContext,
  series: Partial<Record<RegionCode, SampleSeries>>,
  { train, score }: { train: Period; score: Period },
): Promise<SampleHome> {
  const { home } = context;
  const regions = Object.entries(series) as [RegionCode, SampleSeries][];
  const place = (kind: ArtifactKind, part: Partial<Manifest>) =>
    writeManifest(home, {
      formatVersion: 1,
      kind,
      key: workKey({ kind, part }),
      madeBy: { stage: kind, version: 1, settings: {} },
      inputs: [],
      files: [],
      rows: 0,
      details: {},
      ...part,
    });
  const rows = regions.reduce((sum, [, { demand }]) => sum + demand.length, 0);
  const account = regions.map(([region, { demand }]) => {
    const present = demand.filter(Number.isFinite).length;
    return { region, series: 'D', present, missing: demand.length - present, revised: 0, quarantined: 0 };
  });
  const grid = await place('grid', { rows, details: { account } });
  const tables: Manifest['files'] = [];
  const tensors: Manifest['files'] = [];
  for (const [region, { firstHour, demand, operator }] of regions) {
    const hours = Float64Array.from(demand, (_, i) => firstHour + i * HOUR_SECONDS);
    const table = `validated/sample/region=${region}.parquet`;
    await writeColumns(home.path(table), {
      valid_at: { type: 'timestamp', values: hours },
      demand_verdict: {
        type: 'utf8',
        values: Array.from(demand, (mw) => (Number.isFinite(mw) ? 'ok' : 'missing')),
      },
      demand_imputed: { type: 'bool', values: Array.from(demand, (mw) => !Number.isFinite(mw)) },
    });
    tables.push({ ...(await referTo(home, table, demand.length)), region });
    const file = `sequences/sample/region=${region}.safetensors`;
    await writeSafetensors(home.path(file), {
      inputs: tensor(
        Float32Array.from(demand, (_, i) => i),
        [demand.length, 1],
      ),
      valid_at: tensor(BigInt64Array.from(hours, BigInt), [demand.length]),
      demand_known: tensor(filledForward(demand), [demand.length]),
      demand_final: tensor(demand, [demand.length]),
      forecast: tensor(operator, [demand.length]),
    });
    tensors.push({ ...(await referTo(home, file, demand.length)), region, role: 'region' });
  }
  const validated = await place('validated', { rows, inputs: [grid], files: tables });
  const features = await place('features', {
    rows,
    inputs: [validated],
    details: { columns: 153 },
  });
  const codes = regions.map(([region]) => region);
  const sequences = await place('sequences', {
    rows,
    inputs: [features],
    files: tensors,
    details: {
      channels: ['row'],
      frozen: [],
      sequenceLength: SEQUENCE_LENGTH,
      stride: 168,
      horizon: HORIZON,
      train,
      score,
      regions: codes,
      windows: {},
    },
  });
  const history = Array.from({ length: 60 }, (_, i) => ({
    step: i + 1,
    loss: 0.02 + 0.3 / (i + 1),
    learningRate: 1e-3,
    seconds: 1.5 * (i + 1),
  }));
  const part = async (role: string, content: unknown) => ({
    ...(await writeContent(home, 'training/sample', 'json', JSON.stringify(content))),
    role,
  });
  const weights = 'training/sample/weights.safetensors';
  await writeSafetensors(home.path(weights), { w: tensor(Float32Array.of(1, 2, 3), [3]) });
  const model = await place('training', {
    inputs: [sequences],
    files: [
      { ...(await referTo(home, weights)), role: 'weights' },
      await part('normaliser', { mean: [0] }),
      await part('catalogue', [{ name: 'hour_sin' }]),
      await part('history', history),
    ],
    details: {
      model: {},
      steps: history.length,
      finalLoss: history.at(-1)!.loss,
      ringSize: 2,
      tokensPerSecond: 8400,
      slotMemoryMb: [612, 598],
      slotShares: [
        { compute: 0.931, wait: 0.052, transfer: 0.021, data: 0.017 },
        { compute: 0.94, wait: 0.06, transfer: 0.02, data: 0 },
      ],
      kernel: 'avx512',
      numerics: 'kernels 0.2.0 avx512 on a sample processor',
      rings: [{ ringSize: 2, numerics: 'kernels 0.2.0 avx512 on a sample processor' }],
      restarts: 3,
      stepsLost: 1,
      fullRestarts: 0,
      seconds: 90,
      regions: codes,
      channels: ['row'],
    },
  });
  return { context, grid, validated, features, sequences, model };
}

type Period = { from: string; to: string };

/** Demand as it is known: gaps filled with the value before. */
export function filledForward(demand: Float32Array): Float32Array {
  let last = Number.NaN;
  return demand.map((mw) => (Number.isFinite(mw) ? (last = mw) : last));
}

/** A forecaster whose answer at a row of the table and a lead is what `logRatio` says. */
export function forecasterOf(
  regions: RegionCode[],
  logRatio: (row: number, lead: number, region: string) => number,
): SequencePredictor & { regions: RegionCode[] } {
  return {
    regions,
    horizon: HORIZON,
    async predict(inputs, hours, region) {
      return Float32Array.from({ length: hours * HORIZON }, (_, i) =>
        logRatio(inputs[Math.floor(i / HORIZON)]!, (i % HORIZON) + 1, region),
      );
    },
  };
}
