import type { DriftKind } from '../../src/contracts/drift.ts';
import { fromHourStamp, toHourStamp } from '../../src/contracts/time.ts';
import { decide, findingsOf } from '../../src/monitoring/drift/findings.ts';
import type { BenchOptions, Measure } from '../measure.ts';
import { DAY_SECONDS, REGIONS, thresholds, type Watch } from './watch.ts';

interface Year {
  name: string;
  from: string;
  to: string;
  /** Between two looks. */
  days: number;
  stable: boolean;
  /** Its forecasts are those of the backtest, which are held against themselves. */
  inputsAlone?: boolean;
}

/**
 * What forecasts are judged by begins where the model's backtest ends. In 2019, of which nothing is asked, windows hardly
 * overlap.
 */
export const YEARS: Year[] = [
  {
    name: '2017, inputs alone',
    from: '2017-01-02T00',
    to: '2017-12-31T00',
    days: 7,
    stable: true,
    inputsAlone: true,
  },
  { name: '2018', from: '2018-08-06T00', to: '2018-12-31T00', days: 7, stable: true },
  { name: '2019', from: '2019-01-28T00', to: '2019-12-30T00', days: 28, stable: false },
];
const KINDS: DriftKind[] = ['data', 'prediction', 'performance', 'concept'];
/** Part of data drift, and a test of its own. */
const JOINT = 'that all inputs together have drifted';
/**
 * Of weekly looks at one region, in years in which nothing that is known of changed. One that has changed all the same is
 * in the window of four looks or more.
 */
const MOST_FALSE = 0.05;

/** How often looks at the real record say drift, by region and kind. */
export async function stableYears(watch: Watch, { say }: BenchOptions, years = YEARS): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const { name, from, to, days, stable, inputsAlone } of years) {
    const said = new Map<string, number>();
    let looks = 0;
    for (let asOf = fromHourStamp(from); asOf <= fromHourStamp(to); asOf += days * DAY_SECONDS) {
      const found = [];
      for (const region of REGIONS) found.push(await watch.look(region, asOf));
      const regions = decide(found, thresholds);
      const findings = findingsOf(regions);
      looks += 1;
      for (const region of REGIONS) {
        for (const kind of KINDS) {
          const key = `${region} ${kind}`;
          const here = findings.some((finding) => finding.region === region && finding.kind === kind);
          said.set(key, (said.get(key) ?? 0) + Number(here));
        }
      }
      for (const { region, joint } of regions) {
        const key = `${region} ${JOINT}`;
        said.set(key, (said.get(key) ?? 0) + Number(joint?.drifted ?? false));
      }
      if (findings.length > 0) {
        say(`${toHourStamp(asOf)}: ${findings.map(({ kind, what }) => `${kind}, ${what}`).join(' ')}`);
      }
    }
    for (const kind of inputsAlone ? ['data', JOINT] : [...KINDS, JOINT]) {
      const counts = REGIONS.map((region) => said.get(`${region} ${kind}`)!);
      const rate = counts.reduce((sum, count) => sum + count, 0) / (looks * REGIONS.length);
      measures.push({
        measure: `${name}: looks at a region, ${days} days apart, that say ${kind === JOINT ? kind : `${kind} drift`}`,
        ...{ ours: Number(rate.toFixed(4)), peer: null, theirs: MOST_FALSE, unit: 'of looks' },
        ...{ ratio: MOST_FALSE / Math.max(rate, 1e-3), floor: 1, holds: stable ? rate <= MOST_FALSE : null },
        note: `${looks} looks; ${REGIONS.map((region, i) => `${region} ${counts[i]}`).join(', ')}${stable ? '' : '; real changes among them'}`,
      });
    }
  }
  return measures;
}
