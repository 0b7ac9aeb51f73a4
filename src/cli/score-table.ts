import { REGIONS } from '../contracts/regions.ts';
import type { RegionScore } from '../contracts/stages.ts';
import { table } from './table.ts';

const COLUMNS = {
  model: 'model',
  operator: 'operator',
  persistence48: '48 h',
  persistence168: '168 h',
  latestKnown: 'latest known',
};

/** Mean absolute percentage error of the model beside the baselines, on the same hours. */
export function scoreTable(scores: RegionScore[]): string {
  const rows = scores.map((score) => [
    `${score.region} ${REGIONS[score.region].name}`,
    ...Object.keys(COLUMNS).map((name) => percent(score.mape[name])),
    score.mae['model']?.toFixed(0) ?? '-',
    String(score.hours),
    score.beatsBaselines ? 'yes' : 'NO',
  ]);
  const header = ['MAPE, %', ...Object.values(COLUMNS), 'MAE, MW', 'hours', 'beats persistence'];
  return table(header, rows);
}

const percent = (value: number | null | undefined) => (typeof value === 'number' ? value.toFixed(2) : '-');
