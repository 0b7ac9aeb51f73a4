import { FUEL_CODES } from './catalogue.ts';
import { clip, valueAt } from './row-order.ts';
import type { Archive, Line } from './store.ts';

/** Where an hour stands on CAISO's own calendar. */
export interface Interval {
  /** ISO times of the hour in GMT, as OASIS writes them. */
  startGmt: string;
  endGmt: string;
  /** The Pacific date. */
  operatingDay: string;
  /** 1 to 24; to 25 on the day daylight saving ends, to 23 on the day it begins. */
  operatingHour: number;
}

export interface OasisRow {
  hour: number;
  market: string;
  csv: (interval: Interval) => string;
}

export interface OasisReport {
  columns: string;
  /** The markets that can be asked for; those without data answer 1000. */
  markets: readonly string[];
  /** Rows of the hours from the first to the last, both included. */
  rows(archive: Archive, first: number, last: number): OasisRow[];
}

const MARKETS = ['7DA', '2DA', 'DAM', 'HASP', 'RTM', 'RTPD', 'RTD', 'ACTUAL'] as const;

const SLD_FCST: OasisReport = {
  columns:
    'INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,LOAD_TYPE,OPR_DT,OPR_HR,OPR_INTERVAL,MARKET_RUN_ID,TAC_AREA_NAME,LABEL,XML_DATA_ITEM,POS,MW,EXECUTION_TYPE,GROUP',
  markets: MARKETS,
  rows(archive, first, last) {
    const kinds = {
      D: ['ACTUAL', 'Total Actual Hourly Integrated Load', 'SYS_FCST_ACT_MW'],
      DF: ['DAM', 'Demand Forecast Day Ahead', 'SYS_FCST_DA_MW'],
    } as const;
    return clip(ciso(archive.lines['region-data']), first, last).flatMap((line) => {
      const [market, label, item] = kinds[line.code as keyof typeof kinds];
      return valued(line).map(({ hour, megawatts }) => ({
        hour,
        market,
        csv: ({ startGmt, endGmt, operatingDay, operatingHour }) =>
          `${startGmt},${endGmt},0,${operatingDay},${operatingHour},0,${market},CA ISO-TAC,${label},${item},3.8,${megawatts},${market},1`,
      }));
    });
  },
};

/**
 * The real report splits CAISO by trading hub; the record here has only the whole, which stands under the hub name
 * `CAISO`. There are actual values only.
 */
const SLD_REN_FCST: OasisReport = {
  columns:
    'OPR_DT,OPR_HR,OPR_INTERVAL,INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,TRADING_HUB,RENEWABLE_TYPE,LABEL,XML_DATA_ITEM,MARKET_RUN_ID_POS,RENEW_POS,MW,MARKET_RUN_ID,GROUP',
  markets: MARKETS,
  rows(archive, first, last) {
    const types = { SUN: 'Solar', WND: 'Wind' };
    const lines = ciso(archive.lines['fuel-type-data']).filter(({ code }) => Object.hasOwn(types, code));
    return clip(lines, first, last).flatMap((line) => {
      const type = types[line.code as keyof typeof types];
      return valued(line).map(({ hour, megawatts }) => ({
        hour,
        market: 'ACTUAL',
        csv: ({ startGmt, endGmt, operatingDay, operatingHour }) =>
          `${operatingDay},${operatingHour},0,${startGmt},${endGmt},CAISO,${type},Renewable Actual,RENEW_FCST_ACT_MW,5,${type === 'Solar' ? 1 : 2},${megawatts},ACTUAL,1`,
      }));
    });
  },
};

/**
 * The real report holds schedules, in real time every five minutes, by zone. Here the hour's generation of all
 * fuels together stands for the total of the real-time market, for the hours in which every fuel has a value;
 * imports, exports and zones are not in the record.
 */
const ENE_SLRS: OasisReport = {
  columns:
    'INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,SLRS_TYPE,OPR_DT,OPR_HR,OPR_INTERVAL,MARKET_RUN_ID,TAC_ZONE_NAME,SCHEDULE,XML_DATA_ITEM,POS,MW,GROUP',
  markets: ['DAM', 'HASP', 'RTM'],
  rows(archive, first, last) {
    const lines = clip(ciso(archive.lines['fuel-type-data']), first, last);
    if (lines.length < FUEL_CODES.length) return [];
    const rows: OasisRow[] = [];
    const from = Math.max(...lines.map((line) => line.from));
    const to = Math.min(...lines.map((line) => line.to));
    for (let hour = from; hour < to; hour++) {
      const megawatts = lines.map((line) => valueAt(line, hour));
      if (megawatts.includes(null)) continue;
      const total = megawatts.reduce<number>((sum, value) => sum + value!, 0);
      rows.push({
        hour,
        market: 'RTM',
        csv: ({ startGmt, endGmt, operatingDay, operatingHour }) =>
          `${startGmt},${endGmt},ALL,${operatingDay},${operatingHour},0,RTM,Caiso_Totals,Generation,ISO_TOT_GEN_MW,3,${total},1`,
      });
    }
    return rows;
  },
};

export const OASIS_REPORTS: Readonly<Record<string, OasisReport>> = { SLD_FCST, ENE_SLRS, SLD_REN_FCST };

const ciso = (lines: readonly Line[]) => lines.filter(({ region }) => region === 'CISO');

function valued(line: Line): { hour: number; megawatts: number }[] {
  const rows: { hour: number; megawatts: number }[] = [];
  for (let hour = line.from; hour < line.to; hour++) {
    const megawatts = valueAt(line, hour);
    if (megawatts !== null) rows.push({ hour, megawatts });
  }
  return rows;
}
