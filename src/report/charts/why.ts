import type { Attention, ForecasterImportance, ForecastHour, OneForecast } from '../../contracts/explain.ts';
import { REGIONS, type RegionCode } from '../../contracts/regions.ts';
import { fromHourStamp, HOUR_SECONDS } from '../../contracts/time.ts';
import type { Markup } from '../html.ts';
import { Plot, drawn } from './plot.ts';

/** Colour of a member among its ensemble's. */
export const memberColor = (place: number) => `var(--other-${Math.min(place + 1, 5)})`;

/** A member of less has little to say, and much to make the scale unreadable with. */
export const LEAST_WEIGHT = 0.15;

/** What MAPE rises by without each group: a bar for the forecaster, its spread as a line, a dot for each member. */
export function importanceChart(
  region: string,
  forecasters: readonly ForecasterImportance[],
  /** All there are, by which each has its colour in every region. */
  names: readonly string[],
): Markup {
  const [whole, ...members] = forecasters;
  const groups = whole!.groups.map(({ group }) => group);
  const shown = members.filter(({ weight = 0 }) => weight >= LEAST_WEIGHT);
  const dots = shown.flatMap((member) =>
    member.groups.map(({ group, increase }) => ({
      group,
      increase,
      color: memberColor(names.indexOf(member.forecaster)),
      name: member.forecaster,
    })),
  );
  return drawn(`${region}: what the error rises by without each group of inputs`, {
    width: 400,
    height: 56 + 30 * groups.length,
    marginLeft: 68,
    marginRight: 16,
    marginTop: 8,
    marginBottom: 36,
    x: { label: 'percentage points of MAPE', grid: true, nice: true, ticks: 5, tickSize: 0 },
    y: { label: null, type: 'band', padding: 0.3, tickSize: 0, domain: groups },
    marks: [
      Plot.ruleX([0], { stroke: 'var(--soft)' }),
      Plot.barX([...whole!.groups], {
        x: 'increase',
        y: 'group',
        fill: 'var(--model)',
        fillOpacity: 0.75,
        title: ({ group, columns, increase, spread }: ForecasterImportance['groups'][number]) =>
          `${group}, ${columns} inputs: ${increase.toFixed(3)} ± ${spread.toFixed(3)} points`,
      }),
      Plot.ruleY([...whole!.groups], {
        x1: (group: ForecasterImportance['groups'][number]) => group.increase - group.spread,
        x2: (group: ForecasterImportance['groups'][number]) => group.increase + group.spread,
        y: 'group',
        stroke: 'var(--actual)',
        strokeWidth: 2,
      }),
      Plot.dot(dots, {
        x: 'increase',
        y: 'group',
        r: 3.5,
        fill: (dot: (typeof dots)[number]) => dot.color,
        stroke: 'var(--paper)',
        strokeWidth: 1,
        title: (dot: (typeof dots)[number]) => `${dot.name}: ${dot.increase.toFixed(3)} points`,
      }),
    ],
  });
}

/** Hours back that the axis names. */
const LAG_TICKS: [number, string][] = [
  [1, '1 h'],
  [6, '6 h'],
  [24, '1 day'],
  [168, '1 week'],
  [672, '4 weeks'],
  [2190, '3 months'],
  [8760, '1 year'],
];

/**
 * How much each past hour is looked at, against looking at all alike, by how far back it lies. Lags count from 1, the
 * newest known hour, so that the axis can be a logarithm.
 */
export function attentionChart(region: string, { bins, layers }: Attention): Markup {
  const last = bins.at(-1)!.to + 1;
  /** Both ends of every range, so that the line is level within it. */
  const steps = (value: (bin: Attention['bins'][number]) => number) =>
    bins.flatMap((bin) => [
      { lag: bin.from + 1, times: value(bin) / bin.alike },
      { lag: bin.to + 1, times: value(bin) / bin.alike },
    ]);
  const whole = steps(({ share }) => share);
  const own = Array.from({ length: layers }, (_, layer) => steps(({ byLayer }) => byLayer[layer]!));
  const ticks = LAG_TICKS.filter(([lag]) => lag < last);
  return drawn(`${region}: attention by hours back`, {
    width: 400,
    height: 230,
    marginLeft: 34,
    marginRight: 14,
    marginTop: 28,
    marginBottom: 36,
    x: {
      type: 'log',
      domain: [1, last],
      axis: null,
    },
    y: {
      label: 'times as much as if all hours counted alike',
      grid: true,
      nice: true,
      zero: true,
      ticks: 5,
      tickSize: 0,
    },
    marks: [
      // By hand: the axis of a logarithm leaves out labels that are no powers of ten.
      Plot.axisX(ticks, {
        x: ([lag]: [number, string]) => lag,
        text: ([, label]: [number, string]) => label,
        label: 'back from the newest known hour',
        tickSize: 0,
      }),
      Plot.ruleY([1], { stroke: 'var(--soft)', strokeDasharray: '4 3' }),
      ...own.map((points, layer) =>
        Plot.lineY(points, {
          x: 'lag',
          y: 'times',
          stroke: memberColor(layer),
          strokeWidth: 1.1,
          strokeOpacity: 0.8,
        }),
      ),
      Plot.areaY(whole, { x: 'lag', y1: 0, y2: 'times', fill: 'var(--model)', fillOpacity: 0.15 }),
      Plot.lineY(whole, { x: 'lag', y: 'times', stroke: 'var(--model)', strokeWidth: 2.2 }),
    ],
  });
}

/** One forecast as it was, with its 80 % interval, and with other inputs. */
export function whatIfChart(region: RegionCode, { before, whatIf }: OneForecast): Markup {
  const offset = REGIONS[region].standardOffsetHours * HOUR_SECONDS;
  const x = ({ hour }: ForecastHour) => new Date((fromHourStamp(hour) + offset) * 1000);
  const gigawatts = (pick: (hour: ForecastHour) => number | null) => (hour: ForecastHour) => {
    const mw = pick(hour);
    return mw === null ? Number.NaN : mw / 1000;
  };
  const median = gigawatts((hour) => hour.median);
  return drawn(`${region}: a forecast, and what it would be with other inputs`, {
    width: 400,
    height: 230,
    marginLeft: 40,
    marginRight: 10,
    marginTop: 28,
    marginBottom: 36,
    x: {
      type: 'utc',
      label: 'hour of the local standard day (ending)',
      tickSize: 0,
      ticks: before.map(x).filter((hour) => hour.getUTCHours() % 6 === 0),
      tickFormat: (hour: Date) => String(hour.getUTCHours() || 24),
    },
    y: { label: 'GW', grid: true, nice: true, ticks: 5, tickSize: 0 },
    marks: [
      Plot.areaY([...before], {
        x,
        y1: gigawatts((hour) => hour.low),
        y2: gigawatts((hour) => hour.high),
        fill: 'var(--model)',
        fillOpacity: 0.16,
      }),
      Plot.lineY([...before], { x, y: median, stroke: 'var(--model)', strokeWidth: 2.2 }),
      ...(whatIf
        ? [
            Plot.lineY([...whatIf.after], {
              x,
              y: median,
              stroke: 'var(--operator)',
              strokeWidth: 2,
              strokeDasharray: '6 3',
            }),
          ]
        : []),
    ],
  });
}
