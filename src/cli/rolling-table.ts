import type { MergeResult, RollingScore } from '../contracts/rolling-backtest.ts';
import { table } from './table.ts';

const BASELINES = ['operator', 'latestKnown', 'persistence48', 'persistence168'];
const LABELS: Record<string, string> = {
  latestKnown: 'latest known',
  persistence48: '48 h',
  persistence168: '168 h',
};

/** A row a region: everybody's MAPE on the same hours, how right the intervals are, and whether a lead may be chance. */
export function rollingTable({ model, scores }: Pick<MergeResult, 'model' | 'scores'>): string[] {
  const names = Object.keys(scores[0]?.mape ?? {});
  const others = names.filter((name) => name !== 'model' && !BASELINES.includes(name));
  const columns = ['model', ...others, ...BASELINES];
  const spread = scores.some(({ seedSpread }) => seedSpread !== null);
  const rows = scores.map((score) => [
    score.region,
    ...columns.map((name) => percent(score.mape[name])),
    ...(spread ? [percent(score.seedSpread)] : []),
    percent(score.crps['model']),
    share(score.coverage['0.8']),
    share(score.coverage['0.9']),
    pValue(score.pValue['operator']),
    pValue(worstOf(score)),
    String(score.hours),
  ]);
  const header = [
    'MAPE, %',
    ...columns.map((name) => (name === 'model' ? model : (LABELS[name] ?? name))),
    ...(spread ? ['± seeds'] : []),
    'CRPS, %',
    '80 % covers',
    '90 % covers',
    'p, operator',
    'p, best persistence',
    'hours',
  ];
  return [
    table(header, rows),
    '',
    `p: Diebold–Mariano, two-sided, ${model} against the operator's forecast and the best persistence`,
  ];
}

/** Against the persistence that scores best. */
function worstOf({ mape, pValue: values }: RollingScore): number | null | undefined {
  const persistences = BASELINES.slice(1).toSorted((a, b) => (mape[a] ?? Infinity) - (mape[b] ?? Infinity));
  return values[persistences[0]!];
}

const percent = (value: number | null | undefined) => (typeof value === 'number' ? value.toFixed(2) : '-');
const share = (value: number | undefined) => (value === undefined ? '-' : (100 * value).toFixed(1));
const pValue = (value: number | null | undefined) =>
  typeof value !== 'number' ? '-' : value < 0.0001 ? '<0.0001' : value.toFixed(4);
