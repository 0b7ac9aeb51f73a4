import type { GroupScores } from '../../backtest/rolling/document.ts';
import type { Markup } from '../html.ts';
import { Plot, drawn } from './plot.ts';

/** How much of an interval's hours lie inside it, by group, beside what it is to cover. */
export function coverageChart(title: string, groups: readonly GroupScores[], label: string): Markup {
  const lines = groups[0]?.intervals.map(({ nominal }) => nominal) ?? [];
  const shareOf = (group: GroupScores, nominal: number) =>
    100 * (group.intervals.find((interval) => interval.nominal === nominal)?.coverage ?? Number.NaN);
  const least = Math.min(...groups.flatMap((group) => lines.map((nominal) => shareOf(group, nominal))), 70);
  const months = groups.length > 0 && typeof groups[0]!.key === 'string';
  return drawn(title, {
    ...{ width: 400, height: 230, marginLeft: 34, marginRight: 8, marginTop: 30, marginBottom: 36 },
    x: {
      type: 'point',
      label,
      tickSize: 0,
      domain: groups.map(({ key }) => key),
      ...(months ? { tickFormat: (key: string) => monthLetter(key) } : everyThird(groups)),
    },
    y: { label: '% of hours', grid: true, ticks: 4, tickSize: 0, domain: [Math.floor(least / 10) * 10, 100] },
    marks: [
      Plot.ruleY(
        lines.map((nominal) => 100 * nominal),
        { stroke: 'currentColor', strokeDasharray: '2 3' },
      ),
      ...lines.flatMap((nominal, i) => {
        const place = { x: 'key', y: (group: GroupScores) => shareOf(group, nominal) };
        const opacity = i === 0 ? 1 : 0.6;
        return [
          Plot.lineY([...groups], {
            ...place,
            stroke: 'var(--model)',
            strokeWidth: i === 0 ? 2.2 : 1.4,
            strokeOpacity: opacity,
          }),
          // A line through few groups, or one, says where they are by dots.
          ...(groups.length > 12
            ? []
            : [Plot.dot([...groups], { ...place, r: 2.2, fill: 'var(--model)', fillOpacity: opacity })]),
        ];
      }),
    ],
  });
}

export const monthLetter = (month: string | number) =>
  new Intl.DateTimeFormat('en-GB', { month: 'narrow', timeZone: 'UTC' }).format(new Date(`${month}-15`));

const everyThird = (groups: readonly GroupScores[]) => ({
  ticks: groups.flatMap(({ key }, i) => (i % 3 === 0 ? [key] : [])),
});
