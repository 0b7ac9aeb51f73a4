import type { DriftKind } from '../../src/contracts/drift.ts';
import { fromHourStamp, toHourStamp } from '../../src/contracts/time.ts';
import { decide, findingsOf } from '../../src/monitoring/drift/findings.ts';
import type { BenchOptions, Measure } from '../measure.ts';
import { DAY_SECONDS, REGIONS, thresholds, type Watch } from './watch.ts';

/** Weekly looks; what forecasts are judged by begins where the model's backtest ends. */
export const YEARS: { name: string; from: string; to: string; stable: boolean }[] = [
  { name: '2017, inputs alone', from: '2017-01-02T00', to: '2017-12-31T00', stable: true },
  { name: '2018', from: '2018-08-06T00', to: '2018-12-31T00', stable: true },
  { name: '2019', from: '2019-01-07T00', to: '2019-12-30T00', stable: false },
];
const KINDS: DriftKind[] = ['data', 'prediction', 'performance', 'concept'];
/**
 * Of weekly looks at one region, in years in which nothing that is known of changed. One that has changed all the same is
 * in the window of four looks or more.
 */
const MOST_FALSE = 0.05;

/** How often weekly looks at the real record say drift, by region and kind. */
export async function stableYears(watch: Watch, { say }: BenchOptions, years = YEARS): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const { name, from, to, stable } of years) {
    const said = new Map<string, number>();
    let looks = 0;
    for (let asOf = fromHourStamp(from); asOf <= fromHourStamp(to); asOf += 7 * DAY_SECONDS) {
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
      if (findings.length > 0) {
        say(`${toHourStamp(asOf)}: ${findings.map(({ kind, what }) => `${kind}, ${what}`).join(' ')}`);
      }
    }
    for (const kind of KINDS) {
      const counts = REGIONS.map((region) => said.get(`${region} ${kind}`)!);
      const rate = counts.reduce((sum, count) => sum + count, 0) / (looks * REGIONS.length);
      measures.push({
        measure: `${name}: weekly looks at a region that say ${kind} drift`,
        ...{ ours: Number(rate.toFixed(4)), peer: null, theirs: MOST_FALSE, unit: 'of looks' },
        ...{ ratio: MOST_FALSE / Math.max(rate, 1e-3), floor: 1, holds: stable ? rate <= MOST_FALSE : null },
        note: `${looks} looks; ${REGIONS.map((region, i) => `${region} ${counts[i]}`).join(', ')}${stable ? '' : '; real changes among them'}`,
      });
    }
  }
  return measures;
}
