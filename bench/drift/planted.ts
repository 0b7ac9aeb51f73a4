import type { RegionRecord } from '../../src/backtest/forecast.ts';
import type { DriftKind } from '../../src/contracts/drift.ts';
import type { RegionCode } from '../../src/contracts/regions.ts';
import { HOUR_SECONDS, fromHourStamp } from '../../src/contracts/time.ts';
import { decide, findingsOf } from '../../src/monitoring/drift/findings.ts';
import type { Undecided } from '../../src/monitoring/drift/region-drift.ts';
import type { DriftFinding } from '../../src/monitoring/drift/document.ts';
import { median, type BenchOptions, type Measure } from '../measure.ts';
import { DAY_SECONDS, REGIONS, thresholds, type Watch } from './watch.ts';

/** Changes begin here, in summer's end and before winter. */
const BEGINS = ['2018-09-10T00', '2018-11-19T00'];
/** Days after which it is looked. */
const LOOKS = [2, 4, 7, 10, 14, 21, 28];
/** A retrain's rhythm. */
const MOST_DAYS = 28;

/** What is done to a region's hours from a row on; `final` is demand as scored, `known` as features see it. */
interface Planted {
  name: string;
  plant(hours: { known: Float64Array; final: Float64Array; operator: Float64Array }, from: number): void;
  /** Whether it must be found; a change of level that operators forecast is within what years differ by. */
  must: boolean;
}

const scaled = (values: Float64Array, from: number, factor: number) => {
  for (let row = from; row < values.length; row++) values[row]! *= factor;
};

export const PLANTED: Planted[] = [
  {
    name: 'level +10 %, operators forecast it',
    plant: ({ known, final, operator }, from) =>
      [known, final, operator].forEach((values) => scaled(values, from, 1.1)),
    must: false,
  },
  {
    name: 'level +5 %, operators do not',
    plant: ({ known, final }, from) => [known, final].forEach((values) => scaled(values, from, 1.05)),
    must: true,
  },
  {
    name: 'the operator’s forecast times 1.1',
    plant: ({ operator }, from) => scaled(operator, from, 1.1),
    must: true,
  },
  {
    name: 'the operator’s forecast an hour late',
    plant: ({ operator }, from) => operator.copyWithin(from + 1, from, operator.length - 1),
    must: true,
  },
  {
    name: 'demand 3 % above what inputs tell',
    plant: ({ final }, from) => scaled(final, from, 1.03),
    must: true,
  },
];

/** What was noticed of one change in one region from one moment on, and after how many days. */
interface Notice {
  days: number;
  kinds: Set<DriftKind>;
}

/** Days from a planted change to the first look that says what the same look without it does not. */
export async function plantedShifts(watch: Watch, { say }: BenchOptions, all = PLANTED): Promise<Measure[]> {
  const noticed = new Map<Planted, Notice[]>(all.map((planted) => [planted, []]));
  for (const region of REGIONS) {
    for (const begins of BEGINS) {
      const found = await firstNotices(watch, all, region, fromHourStamp(begins));
      for (const [planted, notice] of found) noticed.get(planted)!.push(notice);
      const days = all.map((planted) => found.get(planted)?.days ?? `not in ${MOST_DAYS}`);
      say(`${region}, changed from ${begins} on, noticed after days: ${days.join(', ')}`);
    }
  }
  return all.map((planted) => delaysOf(planted, noticed.get(planted)!));
}

function delaysOf({ name, must }: Planted, notices: readonly Notice[]): Measure {
  const times = REGIONS.length * BEGINS.length;
  const delays = notices.map(({ days }) => days);
  const missed = Array.from({ length: times - delays.length }, () => Infinity);
  const middle = median([...delays, ...missed]);
  const ours = Number.isFinite(middle) ? middle : MOST_DAYS;
  const kinds = new Map<DriftKind, number>();
  for (const kind of notices.flatMap((notice) => [...notice.kinds])) {
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const by = [...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ');
  return {
    measure: `days until noticed: ${name}`,
    ...{ ours, peer: null, theirs: MOST_DAYS, unit: 'days' },
    ...(delays.length > 0 && { spread: [Math.min(...delays), Math.max(...delays)] as [number, number] }),
    ...{ ratio: MOST_DAYS / ours, floor: 1, holds: must ? Number.isFinite(middle) : null },
    note: `${delays.length} of ${times} noticed within ${MOST_DAYS} days; first by ${by || 'nothing'}`,
  };
}

/** All changes at one moment, since most of a look's time goes into the record that they share. */
async function firstNotices(
  watch: Watch,
  all: readonly Planted[],
  region: RegionCode,
  begins: number,
): Promise<Map<Planted, Notice>> {
  const found = new Map<Planted, Notice>();
  for (const days of LOOKS) {
    const asOf = begins + days * DAY_SECONDS;
    const stable: Undecided[] = [];
    for (const code of REGIONS) stable.push(await watch.look(code, asOf));
    const record = await watch.record(region, asOf);
    const kindOf = ({ kind, what }: DriftFinding) => `${kind} ${what.replaceAll(/[\d.]+/g, '')}`;
    const before = new Set(findingsOf(decide(stable, thresholds)).map(kindOf));
    for (const planted of all.filter((one) => !found.has(one))) {
      const own = await watch.lookAt(plantedIn(record, planted.plant, begins), asOf);
      const looks = REGIONS.map((code, i) => (code === region ? own : stable[i]!));
      const news = findingsOf(decide(looks, thresholds)).filter(
        (finding) => finding.region === region && !before.has(kindOf(finding)),
      );
      if (news.length > 0) found.set(planted, { days, kinds: new Set(news.map(({ kind }) => kind)) });
    }
  }
  return found;
}

function plantedIn(record: RegionRecord, plant: Planted['plant'], begins: number): RegionRecord {
  const { rows } = record;
  const known = rows.demand.slice();
  const final = rows.demandFinal.slice();
  const operator = rows.forecast.values.slice();
  plant({ known, final, operator }, Math.max(0, (begins - rows.first) / HOUR_SECONDS));
  return {
    ...record,
    rows: {
      ...rows,
      demand: known,
      demandFinal: final,
      forecast: { ...rows.forecast, values: operator },
    },
  };
}
