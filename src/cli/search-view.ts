import type { CrossRegionLine, LeaderboardLine, SearchEnsemble } from '../contracts/search.ts';
import { duration } from './progress.ts';
import { table } from './table.ts';

const percent = (mape: number | null) => (mape === null ? '-' : mape.toFixed(2));

/** `learningRate 0.003, width 64`, as flags of `train` name them. */
const spell = ({ settings }: Pick<LeaderboardLine, 'settings'>) =>
  Object.entries(settings)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ') || 'defaults';

/** A trial in one line below the bar. */
export const trialLine = (line: LeaderboardLine): string =>
  `  ${String(line.place).padStart(3)}  ${line.id}  ${line.forecaster.padEnd(11)}  ${percent(line.mape).padStart(6)}  ${(100 * line.share).toFixed(0).padStart(3)} %  ${line.note || spell(line)}`;

export function leaderboardTable(lines: readonly LeaderboardLine[]): string {
  const rows = lines.map((line) => [
    `${line.place} ${line.id}`,
    line.forecaster,
    percent(line.mape),
    `${(100 * line.share).toFixed(0)} %`,
    duration(line.seconds),
    ...[line.note || spell(line)],
  ]);
  return table(['trial', 'forecaster', 'MAPE %', 'trained', 'took', 'settings'], rows);
}

export function ensembleLines({ members, weights, mape, byRegion, bestMember }: SearchEnsemble): string[] {
  const rows = Object.entries(weights).map(([region, shares]) => [
    region,
    ...shares.map((share) => share.toFixed(2)),
    percent(byRegion[region] ?? null),
  ]);
  return [
    `Ensemble of ${members.join(', ')}: ${percent(mape)} where its weights are new, its best member ${percent(bestMember)}.`,
    table(['weights', ...members, 'MAPE %'], rows),
  ];
}

export function crossRegionTable(lines: readonly CrossRegionLine[]): string {
  const rows = lines.map(({ forecaster, id, region, mape, own, reason }) => [
    region,
    `${forecaster} ${id}`,
    percent(mape),
    percent(own),
    reason ?? '',
  ]);
  return table(['region left out', 'forecaster', 'MAPE %', 'with it', ''], rows);
}
