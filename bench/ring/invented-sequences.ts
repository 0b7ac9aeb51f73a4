import type { ArtifactReference } from '../../src/contracts/artifact.ts';
import { HOUR_SECONDS } from '../../src/contracts/time.ts';
import { referTo, writeManifest } from '../../src/lake/artifacts.ts';
import { writeFileAtomic } from '../../src/lake/atomic-write.ts';
import type { Home } from '../../src/lake/home.ts';
import { tensor, writeSafetensors } from '../../src/lake/safetensors.ts';
import { gaussians, randomOf } from '../../src/model/random.ts';

export interface InventedSequences {
  hours: number;
  channels: number;
  horizon: number;
}

/** A dataset with one sequence of invented numbers: what the numbers are changes nothing about time and memory. */
export async function inventSequences(
  home: Home,
  { hours, channels, horizon }: InventedSequences,
): Promise<ArtifactReference> {
  const rows = hours + horizon;
  const uri = `sequences/invented/${hours}x${channels}.safetensors`;
  const noise = gaussians(randomOf('invented sequences'), 4096, 1);
  const first = Date.UTC(2017, 0, 1, 1) / 1000;
  const demand = Float32Array.from(
    { length: rows },
    (_, t) => 1000 + 200 * Math.sin((2 * Math.PI * t) / 24) + 30 * noise[t % 4096]!,
  );
  await writeSafetensors(home.path(uri), {
    inputs: tensor(
      Float32Array.from({ length: rows * channels }, (_, i) => noise[(i * 31) % 4096]!),
      [rows, channels],
    ),
    valid_at: tensor(
      BigInt64Array.from({ length: rows }, (_, t) => BigInt(first + t * HOUR_SECONDS)),
      [rows],
    ),
    demand_known: tensor(demand, [rows]),
    demand_final: tensor(demand, [rows]),
  });
  // A training's manifest hands them on; nobody reads these.
  const [normaliser, catalogue] = await Promise.all(
    ['normaliser', 'catalogue'].map(async (role) => {
      const path = `sequences/invented/${role}.json`;
      await writeFileAtomic(home.path(path), '{}\n');
      return { ...(await referTo(home, path)), role };
    }),
  );
  return writeManifest(home, {
    formatVersion: 1,
    kind: 'sequences',
    key: (hours * 1000 + channels).toString(16).padStart(16, '0'),
    madeBy: { stage: 'bench', version: 1, settings: {} },
    inputs: [],
    files: [{ ...(await referTo(home, uri, rows)), region: 'ERCO', role: 'region' }, normaliser!, catalogue!],
    rows,
    details: {
      channels: Array.from({ length: channels }, (_, i) => `channel_${i}`),
      frozen: [],
      sequenceLength: hours,
      stride: hours,
      horizon,
      train: { from: '2017', to: '2020' },
      score: { from: '2021', to: '2021' },
      regions: ['ERCO'],
      windows: { ERCO: [0] },
    },
  });
}
