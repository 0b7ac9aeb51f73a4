import type { RegionCode } from '../../contracts/regions.ts';

/** Names as EIA writes them. */
export const RESPONDENT_NAMES: Record<RegionCode, string> = {
  PACW: 'PacifiCorp West',
  ERCO: 'Electric Reliability Council of Texas, Inc.',
  CAL: 'California',
  CISO: 'California Independent System Operator',
  TEX: 'Texas',
  MISO: 'Midcontinent Independent System Operator, Inc.',
};

export const TYPE_NAMES = { D: 'Demand', DF: 'Day-ahead demand forecast' } as const;

export const FUEL_NAMES = {
  COL: 'Coal',
  NG: 'Natural Gas',
  NUC: 'Nuclear',
  OIL: 'Petroleum',
  OTH: 'Other',
  SUN: 'Solar',
  WAT: 'Hydro',
  WND: 'Wind',
} as const;
export type FuelCode = keyof typeof FUEL_NAMES;
export const FUEL_CODES = Object.keys(FUEL_NAMES) as FuelCode[];

export interface RouteDescription {
  id: string;
  name: string;
  description: string;
  /** Facets in the order of a row's columns. */
  facets: { id: string; description: string }[];
}

const SOURCE = '\n    Source: Form EIA-930\n    Product: Hourly Electric Grid Monitor';

export const ROUTES = {
  'region-data': {
    id: 'region-data',
    name: 'Hourly Demand, Demand Forecast, Generation, and Interchange',
    description: `Hourly demand, day-ahead demand forecast, net generation, and interchange by balancing authority.  ${SOURCE}`,
    facets: [
      { id: 'respondent', description: 'Balancing Authority / Region' },
      { id: 'type', description: 'Data Type' },
    ],
  },
  'fuel-type-data': {
    id: 'fuel-type-data',
    name: 'Hourly Net Generation by Energy Source',
    description: `Hourly net generation by balancing authority and energy source.  ${SOURCE}`,
    facets: [
      { id: 'respondent', description: 'Balancing Authority / Region' },
      { id: 'fueltype', description: 'Energy Source' },
    ],
  },
  'interchange-data': {
    id: 'interchange-data',
    name: 'Hourly Interchange Between Neighboring Balancing Authorities',
    description: `Hourly interchange between neighboring balancing authorities.  ${SOURCE}`,
    facets: [
      { id: 'fromba', description: 'From Balancing Authority' },
      { id: 'toba', description: 'To Balancing Authority' },
    ],
  },
} as const satisfies Record<string, RouteDescription>;
export type EiaRoute = keyof typeof ROUTES;

export const isEiaRoute = (name: string): name is EiaRoute => Object.hasOwn(ROUTES, name);
