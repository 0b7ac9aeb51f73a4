import type { ArtifactReference } from '../contracts/artifact.ts';
import type { Home } from '../lake/home.ts';
import { loadPredictor } from '../model/predictor.ts';
import type { SeriesForecaster } from './forecaster.ts';
import { hasYears, tokenInputs } from './token-inputs.ts';

/**
 * The ring-trained transformer, put to work in this process: every row of a sequence forecasts the rows after it, and
 * those with a whole context before them count.
 */
export async function transformerForecaster(
  home: Home,
  training: ArtifactReference,
  context: number,
): Promise<SeriesForecaster> {
  const predictor = await loadPredictor(home, training);
  const yearly = hasYears(predictor.channels);
  return {
    name: 'transformer',
    learned: true,
    async predict(data, target, origin, count) {
      const { horizon } = data;
      const from = origin - context;
      const rows = context + count - 1;
      const { inputs, level } = tokenInputs(data, target, yearly, from, from + rows);
      const differences = await predictor.predict(inputs, rows, data.names[target]!);
      const answers = new Float64Array(count * horizon);
      for (let i = 0; i < count; i++) {
        const token = context - 1 + i;
        for (let h = 0; h < horizon; h++) {
          answers[i * horizon + h] = level[token]! + differences[token * horizon + h]!;
        }
      }
      return answers;
    },
  };
}
