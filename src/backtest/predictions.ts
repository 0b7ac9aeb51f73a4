import type { SafetensorsFile } from '../lake/safetensors.ts';
import { seasonalLag } from '../sequences/seasonal-base.ts';
import type { TargetHour } from './hours.ts';
import { planWindows } from './windows.ts';

/** A trained model, as far as a backtest knows it. */
export interface SequencePredictor {
  horizon: number;
  /**
   * `inputs` is hours × channels; the answer is hours × horizon: the log-ratio of demand at each lead to the newest
   * seasonal value known. Causal: no row's answer depends on a later row.
   */
  predict(inputs: Float32Array, hours: number, region: string): Promise<Float32Array>;
}

export interface PredictionRun {
  model: SequencePredictor;
  file: SafetensorsFile;
  region: string;
  /** Rows in the whole table. */
  rows: number;
  /** Rows put through the model at once. */
  windowLength: number;
  /** Called before each forward pass; throws to stop. */
  onWindow(done: number, total: number): void;
}

/**
 * The model's answer to every target, in MW; NaN where the record does not reach back to the issue. `known` is
 * demand as known one hour after each hour.
 */
export async function predictTargets(
  run: PredictionRun,
  targets: readonly TargetHour[],
  known: Float32Array,
): Promise<Float64Array> {
  const byIssue = Map.groupBy(
    targets.map((target, index) => ({ target, index })),
    ({ target }) => target.issueRow,
  );
  const issues = [...byIssue.keys()].filter((row) => row >= 0 && row < run.rows).sort((a, b) => a - b);
  const answers = new Float64Array(targets.length).fill(Number.NaN);
  const windows = planWindows(issues, run.windowLength, run.rows);
  for (const [done, window] of windows.entries()) {
    run.onWindow(done, windows.length);
    const inputs = (await run.file.read('inputs', window.from, window.to)).data as Float32Array;
    const ratios = await run.model.predict(inputs, window.to - window.from, run.region);
    for (const issueRow of window.read) {
      for (const { target, index } of byIssue.get(issueRow)!) {
        const logRatio = ratios[(issueRow - window.from) * run.model.horizon + target.steps - 1]!;
        answers[index] = known[target.row - seasonalLag(target.steps)]! * Math.exp(logRatio);
      }
    }
  }
  run.onWindow(windows.length, windows.length);
  return answers;
}
