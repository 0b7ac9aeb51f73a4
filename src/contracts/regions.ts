import { z } from 'zod';

/**
 * The regions Ringwatt ships data for. `standardOffsetHours` is local standard time minus UTC: the day-ahead
 * protocol issues at 10:00 local *standard* time all year, so that the lead times never jump with the clocks.
 */
export const REGIONS = {
  PACW: { name: 'PacifiCorp West', timeZone: 'America/Los_Angeles', standardOffsetHours: -8 },
  ERCO: {
    name: 'Electric Reliability Council of Texas',
    timeZone: 'America/Chicago',
    standardOffsetHours: -6,
  },
  CAL: { name: 'California (region)', timeZone: 'America/Los_Angeles', standardOffsetHours: -8 },
  CISO: { name: 'California ISO', timeZone: 'America/Los_Angeles', standardOffsetHours: -8 },
  TEX: { name: 'Texas (region)', timeZone: 'America/Chicago', standardOffsetHours: -6, sameAs: 'ERCO' },
  // MISO's market runs on Eastern Standard Time the year round, in its western states too.
  MISO: { name: 'Midcontinent ISO', timeZone: 'America/New_York', standardOffsetHours: -5 },
} as const satisfies Record<
  string,
  { name: string; timeZone: string; standardOffsetHours: number; sameAs?: string }
>;

export type RegionCode = keyof typeof REGIONS;
export const REGION_CODES = Object.keys(REGIONS) as RegionCode[];
export const regionCode = z.enum(REGION_CODES as [RegionCode, ...RegionCode[]]);

/** TEX is ERCO under its region code: training on both, or scoring both, would count the same hours twice. */
export const DISTINCT_REGIONS = REGION_CODES.filter((code) => !('sameAs' in REGIONS[code]));

/** What a run is about: at least one region, none twice. */
export const regionCodes = z
  .array(regionCode)
  .min(1)
  .refine((codes) => new Set(codes).size === codes.length, 'a region stands in it twice');
