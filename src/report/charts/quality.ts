import type { QualityWeek, RegionQuality } from '../quality.ts';
import type { Markup } from '../html.ts';
import { Plot, drawn } from './plot.ts';

/** Upper bounds of the share of rejected hours, and the colour of what lies below; colours are the page's. */
export const QUALITY_STEPS = [
  { label: 'no hour rejected', upTo: 0, color: 'var(--quality-0)' },
  { label: 'up to 2 %', upTo: 0.02, color: 'var(--quality-1)' },
  { label: 'up to 10 %', upTo: 0.1, color: 'var(--quality-2)' },
  { label: 'up to 50 %', upTo: 0.5, color: 'var(--quality-3)' },
  { label: 'more', upTo: 1, color: 'var(--quality-4)' },
] as const;

const colorOf = ({ rejected, hours }: QualityWeek) =>
  QUALITY_STEPS.find(({ upTo }) => rejected / hours <= upTo)!.color;

/** One row a year, one cell a week, coloured by the share of hours whose demand failed a check. */
export function qualityCalendar({ region, weeks }: RegionQuality): Markup {
  const years = [...new Set(weeks.map(({ year }) => year))].sort();
  const clean = weeks.filter(({ rejected }) => rejected === 0);
  const faulty = weeks.filter(({ rejected }) => rejected > 0);
  const cell = {
    y: (entry: QualityWeek) => String(entry.year),
    x: 'week',
    inset: 0.5,
    rx: 1.5,
  } as const;
  return drawn(`${region}: share of hours rejected, by week and year`, {
    width: 420,
    height: 30 + 15 * years.length,
    marginLeft: 40,
    marginTop: 4,
    marginRight: 4,
    marginBottom: 24,
    x: {
      type: 'band',
      label: null,
      domain: Array.from({ length: 53 }, (_, i) => i + 1),
      padding: 0,
      ticks: MONTH_WEEKS.map(([week]) => week),
      tickFormat: (week: number) => MONTH_WEEKS.find(([start]) => start === week)?.[1] ?? '',
      tickSize: 0,
    },
    y: { type: 'band', label: null, domain: years.map(String), padding: 0, tickSize: 0 },
    marks: [
      Plot.cell(clean, { ...cell, fill: QUALITY_STEPS[0].color }),
      Plot.cell(faulty, {
        ...cell,
        fill: colorOf,
        title: ({ year, week, hours, rejected, reasons }: QualityWeek) =>
          `${year}, week ${week}: ${rejected} of ${hours} h rejected (${Object.entries(reasons)
            .map(([reason, hoursOf]) => `${reason} ${hoursOf}`)
            .join(', ')})`,
      }),
    ],
  });
}

/** The week in which each month begins. */
const MONTH_WEEKS: [number, string][] = [
  [1, 'Jan'],
  [5, 'Feb'],
  [9, 'Mar'],
  [13, 'Apr'],
  [18, 'May'],
  [22, 'Jun'],
  [26, 'Jul'],
  [31, 'Aug'],
  [35, 'Sep'],
  [40, 'Oct'],
  [44, 'Nov'],
  [48, 'Dec'],
];
