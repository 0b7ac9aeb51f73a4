import type { RegisteredNetwork } from '../../src/export/network.ts';
import { modelConfig, type ModelConfig } from '../../src/model/config.ts';
import { initialWeights, layoutOf } from '../../src/model/parameters.ts';
import { gaussians, randomOf } from '../../src/model/random.ts';

export const FEATURES = ['demand', 'temperature', 'frozen'];
const REGIONS = ['ERCO', 'MISO', 'PACW'];

interface Choice {
  config?: Partial<ModelConfig>;
  dayColumns?: string[];
  quantiles?: number[];
  sequenceLength?: number;
  answersIssues?: boolean;
}

/** A network of random weights over three features and two channels that are as they are. */
export function smallNetwork(name: string, choice: Choice = {}): RegisteredNetwork {
  const { dayColumns = ['y', 'z'], quantiles = [0.1, 0.3, 0.5, 0.8, 0.95], answersIssues = true } = choice;
  const config = modelConfig.parse({
    ...{ channels: [...FEATURES, 'has_demand', 'holiday'], regions: REGIONS, horizon: 4 },
    ...{ width: 16, layers: 2, heads: 2, mlpWidth: 24, outputScale: 0.05 },
    issueHead: { columns: ['u', 'v', 'w'], dayColumns, horizon: 3, hidden: 5, quantiles, scale: 0.02 },
    ...choice.config,
  });
  const noise = randomOf('weights', name);
  const weights = initialWeights(layoutOf(config), randomOf('start', name)).map(
    (weight) => weight + 0.4 * (noise() - 0.5),
  );
  const random = randomOf('moments', name);
  const moments = (count: number) => ({
    mean: [...gaussians(random, count, 40)],
    std: Array.from({ length: count }, () => 1 + 9 * random()),
  });
  const scalings = REGIONS.map((region) => {
    const own = moments(FEATURES.length);
    own.std[2] = 0;
    return [region, own] as const;
  });
  const issues = REGIONS.map(
    (region) => [region, { hours: moments(9), day: moments(dayColumns.length) }] as const,
  );
  return {
    ...{ model: 'small', version: 3, sha256: 'a'.repeat(64), config, weights, answersIssues },
    sequenceLength: choice.sequenceLength ?? 24,
    normaliser: {
      formatVersion: 1,
      ...{ columns: FEATURES, catalogueHash: '', horizon: 4, clip: 3 },
      dtype: 'float32',
      regions: Object.fromEntries(scalings),
      issues: {
        ...{ issueHourLocal: 10, operator: false, weather: false, columns: [], horizon: 3 },
        regions: Object.fromEntries(issues),
      },
    },
  };
}
