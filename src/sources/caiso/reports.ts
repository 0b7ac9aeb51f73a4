import type { RouteName } from '../../contracts/ingestion.ts';

/** A row of OASIS as its CSV names the fields. */
export type OasisRow = Record<string, string>;

/** What a row adds to: a series of the grid, and the part of it (a hub, a direction) that the row stands for. */
export interface Share {
  series: string;
  part: string;
  sign: 1 | -1;
}

export interface Report {
  /** One request for each: OASIS answers for one market at a time. */
  markets: readonly string[];
  columns: readonly string[];
  /** Parts without which an hour of a series has no value; default: those that the reply has at all. */
  required: Readonly<Record<string, readonly string[]>>;
  /** Undefined for rows of zones, markets and types that make no series of ours. */
  shareOf(row: OasisRow): Share | undefined;
}

const COMMON = ['INTERVALSTARTTIME_GMT', 'INTERVALENDTIME_GMT', 'MARKET_RUN_ID', 'MW'];

/** Forecast and actual load of the whole of CAISO; other areas of the report are its parts and neighbours. */
const SLD_FCST: Report = {
  markets: ['ACTUAL', 'DAM'],
  columns: [...COMMON, 'TAC_AREA_NAME'],
  required: {},
  shareOf({ MARKET_RUN_ID: market, TAC_AREA_NAME: area }) {
    const series = { ACTUAL: 'D', DAM: 'DF' }[market ?? ''];
    return series && area === 'CA ISO-TAC' ? { series, part: 'load', sign: 1 } : undefined;
  },
};

/** Totals of generation and interchange; interchange counts exports as positive, as EIA does. */
const ENE_SLRS: Report = {
  markets: ['RTM'],
  columns: [...COMMON, 'TAC_ZONE_NAME', 'SCHEDULE'],
  required: { TI: ['Export', 'Import'] },
  shareOf({ TAC_ZONE_NAME: zone, SCHEDULE: part }) {
    if (zone !== 'Caiso_Totals') return undefined;
    if (part === 'Generation') return { series: 'NG', part, sign: 1 };
    if (part === 'Export') return { series: 'TI', part, sign: 1 };
    return part === 'Import' ? { series: 'TI', part, sign: -1 } : undefined;
  },
};

/** Solar and wind, by trading hub: the day-ahead forecast, and what came of it. */
const SLD_REN_FCST: Report = {
  markets: ['DAM', 'ACTUAL'],
  columns: [...COMMON, 'TRADING_HUB', 'RENEWABLE_TYPE'],
  required: {},
  shareOf({ MARKET_RUN_ID: market, RENEWABLE_TYPE: type, TRADING_HUB: hub }) {
    const prefix = { DAM: 'RF', ACTUAL: 'FUEL' }[market ?? ''];
    const fuel = { Solar: 'SUN', Wind: 'WND' }[type ?? ''];
    return prefix && fuel && hub ? { series: `${prefix}:${fuel}`, part: hub, sign: 1 } : undefined;
  },
};

const REPORTS: Partial<Record<RouteName, Report>> = { SLD_FCST, ENE_SLRS, SLD_REN_FCST };

export function reportOf(route: RouteName): Report {
  const report = REPORTS[route];
  if (report === undefined) throw new TypeError(`${route} is not a report of CAISO`);
  return report;
}
