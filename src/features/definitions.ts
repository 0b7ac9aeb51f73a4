import { SERIES, type FeatureConfig, type SeriesName } from './config.ts';
import {
  add,
  column,
  divide,
  lag,
  rolling,
  subtract,
  type CalendarField,
  type Expression,
} from './expression.ts';

export const CATEGORIES = [
  'original',
  'temporal',
  'renewable',
  'supply-demand',
  'lagged',
  'rolling',
  'optional',
] as const;
export type Category = (typeof CATEGORIES)[number];

export interface Definition {
  name: string;
  category: Category;
  unit: string;
  /** Absent for the four columns that are not numbers. */
  expression?: Expression;
  description: string;
}

const demand = column('demand_mw');
const generation = column('generation_mw');
const solar = column('solar_mw');
const wind = column('wind_mw');
const renewable = add(solar, wind);
const netLoad = subtract(demand, renewable);

/** The columns of a feature table, in their order: 153 with the default settings. */
export function definitionsOf(config: FeatureConfig): Definition[] {
  return [
    ...ORIGINALS,
    ...TEMPORAL,
    ...renewables(config.capacityWindowHours),
    ...supplyAndDemand(config.capacityWindowHours),
    ...lagged(config),
    ...rollings(config),
  ];
}

const SERIES_NAMES: Record<SeriesName, string> = {
  demand_mw: 'Demand',
  generation_mw: 'Net generation',
  solar_mw: 'Solar generation',
  wind_mw: 'Wind generation',
};

const ORIGINALS: Definition[] = [
  { name: 'timestamp', category: 'original', unit: 'UTC', description: "The hour's end" },
  { name: 'region', category: 'original', unit: 'code', description: 'Balancing authority or EIA region' },
  ...SERIES.map((name): Definition => ({
    name,
    category: 'original',
    unit: 'MW',
    expression: column(name),
    description: SERIES_NAMES[name],
  })),
];

const calendar = (field: CalendarField, unit: string, description: string): Definition => ({
  name: field,
  category: 'temporal',
  unit,
  expression: { op: 'calendar', field },
  description,
});

const cycle = (field: CalendarField, first: number, period: number): Definition[] =>
  (['sin', 'cos'] as const).map((wave) => ({
    name: `${field}_${wave}`,
    category: 'temporal',
    unit: '1',
    expression: { op: 'cycle', field, wave, first, period },
    description: `${field} as a point on a circle, so that its last value lies beside its first`,
  }));

const TEMPORAL: Definition[] = [
  calendar('hour', 'h', 'Local hour that ends at the timestamp, by its beginning: 0 is 00:00–01:00'),
  calendar('day_of_week', 'd', 'Monday 0 to Sunday 6, local'),
  calendar('day_of_month', 'd', 'Local'),
  calendar('day_of_year', 'd', 'Local'),
  calendar('month', 'month', 'Local'),
  ...cycle('hour', 0, 24),
  ...cycle('day_of_week', 0, 7),
  ...cycle('day_of_year', 1, 365.25),
  ...cycle('month', 1, 12),
  calendar('is_weekend', '0 or 1', 'Saturday or Sunday, local'),
  calendar(
    'is_holiday',
    '0 or 1',
    'US federal holiday or its observed day, day after Thanksgiving, Christmas Eve',
  ),
  calendar('is_peak_hour', '0 or 1', '06:00–22:00 local, Monday to Friday, no holiday'),
  {
    name: 'season',
    category: 'temporal',
    unit: 'text',
    description: 'winter (December–February), spring, summer, autumn',
  },
  {
    name: 'day_type',
    category: 'temporal',
    unit: 'text',
    description: 'holiday, sunday, saturday or workday',
  },
];

function renewables(capacityHours: number): Definition[] {
  const rows: [name: string, unit: string, expression: Expression, description: string][] = [
    ['renewable_mw', 'MW', renewable, 'Solar and wind together'],
    ['renewable_penetration', '1', divide(renewable, demand), 'Share of demand met by solar and wind'],
    ['renewable_share', '1', divide(renewable, generation), 'Share of generation that is solar and wind'],
    ['solar_penetration', '1', divide(solar, demand), 'Share of demand met by solar'],
    ['wind_penetration', '1', divide(wind, demand), 'Share of demand met by wind'],
    [
      'solar_capacity_factor',
      '1',
      divide(solar, rolling(solar, 'max', capacityHours)),
      'Against the highest shown lately',
    ],
    [
      'wind_capacity_factor',
      '1',
      divide(wind, rolling(wind, 'max', capacityHours)),
      'Against the highest shown lately',
    ],
    ['renewable_ramp_1h_mw', 'MW', subtract(renewable, lag(renewable, 1)), 'Change in an hour'],
    ['renewable_ramp_3h_mw', 'MW', subtract(renewable, lag(renewable, 3)), 'Change in three hours'],
    [
      'renewable_intermittency_24h',
      '1',
      divide(rolling(renewable, 'std', 24), rolling(renewable, 'mean', 24)),
      'Coefficient of variation over a day',
    ],
  ];
  return rows.map(([name, unit, expression, description]) => ({
    name,
    category: 'renewable',
    unit,
    expression,
    description,
  }));
}

function supplyAndDemand(capacityHours: number): Definition[] {
  const peak = rolling(generation, 'max', capacityHours);
  const rows: [name: string, unit: string, expression: Expression, description: string][] = [
    ['net_load_mw', 'MW', netLoad, 'What is left for dispatchable plants and imports'],
    ['net_load_ramp_1h_mw', 'MW', subtract(netLoad, lag(netLoad, 1)), 'Change in an hour'],
    ['supply_balance_mw', 'MW', subtract(generation, demand), 'Positive: the region can export'],
    ['supply_ratio', '1', divide(generation, demand), 'Generation over demand'],
    ['reserve_margin', '1', divide(subtract(peak, demand), demand), 'Generation shown lately beyond demand'],
    [
      'grid_stress',
      '1',
      divide(demand, rolling(demand, 'max', capacityHours)),
      'Demand against its recent peak',
    ],
    [
      'load_factor_24h',
      '1',
      divide(rolling(demand, 'mean', 24), rolling(demand, 'max', 24)),
      'Mean over peak of a day: low is peaky',
    ],
  ];
  return rows.map(([name, unit, expression, description]) => ({
    name,
    category: 'supply-demand',
    unit,
    expression,
    description,
  }));
}

function lagged({ lags }: FeatureConfig): Definition[] {
  return SERIES.flatMap((series) =>
    (lags[series] ?? []).map((hours): Definition => ({
      name: `${series}_lag_${hours}h`,
      category: 'lagged',
      unit: 'MW',
      expression: lag(column(series), hours),
      description: `${SERIES_NAMES[series]} ${hours} h earlier`,
    })),
  );
}

function rollings({ windows, statistics }: FeatureConfig): Definition[] {
  return SERIES.flatMap((series) =>
    (windows[series] ?? []).flatMap((hours) =>
      statistics.map((statistic): Definition => ({
        name: `${series}_${statistic}_${hours}h`,
        category: 'rolling',
        unit: 'MW',
        expression: rolling(column(series), statistic, hours),
        description: `${SERIES_NAMES[series]}: ${statistic} of the last ${hours} h`,
      })),
    ),
  );
}
