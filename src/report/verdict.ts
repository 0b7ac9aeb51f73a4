import type { Forecaster } from '../backtest/hours.ts';
import type { RegionScores } from '../backtest/scores.ts';
import { listed, percent } from './format.ts';

const BASELINES: [Forecaster, string][] = [
  ['latestKnown', 'the latest known same hour'],
  ['persistence48', '48\u00a0h persistence'],
  ['persistence168', '168\u00a0h persistence'],
];

/** Who beats whom, in words: one sentence on the persistences, one on the operators. */
export function verdict(regions: readonly RegionScores[]): string[] {
  return [againstBaselines(regions), againstOperators(regions)].filter((sentence) => sentence !== '');
}

function againstBaselines(regions: readonly RegionScores[]): string {
  const losses = regions.flatMap(({ region, overall: { mape, beatsBaselines } }) => {
    if (beatsBaselines) return [];
    const better = BASELINES.filter(([name]) => (mape[name] ?? Infinity) <= (mape.model ?? Infinity));
    return [`${region} (${listed(better.map(([, words]) => words))})`];
  });
  if (losses.length === 0) {
    return `The model beats 48\u00a0h persistence, 168\u00a0h persistence and the latest known same hour in ${
      regions.length === 1 ? regions[0]!.region : `all ${regions.length} regions`
    }.`;
  }
  return `The model does not beat every persistence in ${listed(losses)}.`;
}

/** Percentage points of MAPE within which two forecasters of a year are not told apart. */
const LEVEL = 0.1;

/** Compares on the operator's hours alone: an operator that is silent in hard weeks gains nothing by it. */
function againstOperators(regions: readonly RegionScores[]): string {
  const compared = regions.filter(({ onOperatorHours }) => onOperatorHours.mape.operator !== null);
  const pair = ({ region, onOperatorHours: { mape } }: RegionScores) =>
    `${region} (model ${percent(mape.model)}, operator ${percent(mape.operator)})`;
  const lead = ({ onOperatorHours: { mape } }: RegionScores) => mape.operator! - mape.model!;
  const better = compared.filter((region) => lead(region) >= LEVEL);
  const worse = compared.filter((region) => lead(region) <= -LEVEL);
  const level = compared.filter((region) => Math.abs(lead(region)) < LEVEL);
  const silent = regions.filter((region) => !compared.includes(region)).map(({ region }) => region);
  return [
    better.length > 0 &&
      `It is more accurate than the operator's own forecast in ${listed(better.map(pair))}.`,
    level.length > 0 && `It is level with the operator's own forecast in ${listed(level.map(pair))}.`,
    worse.length > 0 && `The operator's own forecast is better in ${listed(worse.map(pair))}.`,
    silent.length > 0 && `No operator's forecast to compare with: ${listed(silent)}.`,
  ]
    .filter(Boolean)
    .join(' ');
}
